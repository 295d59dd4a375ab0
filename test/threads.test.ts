import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { StatusNumber } from "../src/abi/structs.js";
import type { DType } from "../src/dtype.js";
import {
  createNetwork,
  dense,
  type FitOptions,
  type Network,
  type NetworkOptions,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { Heap } from "../src/wasm/heap.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { replaceExports } from "./support/replaceExports.js";
import { watchTeams } from "./support/teams.js";

interface Problem {
  readonly network: NetworkOptions;
  readonly inputs: { readonly data: number[]; readonly shape: readonly [number, number] };
  readonly targets: number[];
  readonly options: FitOptions;
}

function classify(rows: number, widths: readonly [number, ...number[]], options: FitOptions): Problem {
  const [inputs, ...units] = widths;
  const layers = units.map((width, i) => dense(width, i < units.length - 1 ? "relu" : "softmax"));
  const optimizer = sgd({ learningRate: 0.1 });
  return {
    network: { inputs, layers, loss: "sparseCategoricalCrossentropy", optimizer },
    inputs: { data: spread(rows * inputs), shape: [rows, inputs] },
    targets: Array.from({ length: rows }, (_, i) => (i * i + 3 * i) % units.at(-1)!),
    options,
  };
}

const DIGITS = classify(300, [64, 96, 10], { epochs: 3, batchSize: 128 });

const PROBLEMS: Record<string, Problem> = {
  "a shuffled classifier": DIGITS,
  "batches of several microbatches": classify(700, [64, 96, 10], { epochs: 3, batchSize: 300 }),
  "odd sizes, some of them too little to share": classify(333, [37, 53, 41, 7], {
    epochs: 3,
    batchSize: 200,
  }),
  "layers of fewer tiles than threads": classify(257, [1601, 3, 5, 2], { epochs: 3, batchSize: 256 }),
  "row by row, parameters enough to share": classify(40, [701, 751, 9], { epochs: 2, batchSize: 1 }),
};

const create = (problem: Problem, changes: Partial<NetworkOptions>) =>
  createNetwork({ ...problem.network, ...changes });

const fit = (network: Network, { inputs, targets, options }: Problem, changes: FitOptions = {}) =>
  network.fit(inputs, targets, { ...options, ...changes });

/** A hash of the bits of all values. Short enough for the output of a failing test. */
function digest(...values: readonly ArrayLike<number>[]): string {
  const hash = createHash("sha256");
  for (const each of values) hash.update(bitsOf(each));
  return hash.digest("hex");
}

function parametersOf(network: Network): string {
  return digest(...network.parameters.flatMap(({ kernel, bias }) => [kernel.data, bias!.data]));
}

/** Hashes of all results of a trained network. */
function bitsOfAll(network: Network, { inputs, targets }: Problem, losses: readonly number[]) {
  const { loss, layers } = network.gradients(inputs, targets);
  return {
    losses: digest(losses),
    parameters: parametersOf(network),
    predictions: digest(network.predict(inputs).data),
    evaluated: digest([network.evaluate(inputs, targets).loss, loss]),
    gradients: digest(...layers.flatMap(({ kernel, bias }) => [kernel.data, bias!.data])),
  };
}

/** The reason with which createNetwork rejects. */
const rejectionOf = (changes: object) =>
  createNetwork({
    inputs: 2,
    layers: [dense(1)],
    loss: "meanSquaredError",
    ...changes,
  } as NetworkOptions).then(
    () => expect.fail("it was created"),
    (error: unknown) => error,
  );

let core: Core;

beforeAll(async () => {
  core = await sharedCore(undefined, { threads: true });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe.each(Object.entries(PROBLEMS))("training %s", (_, problem) => {
  /** Fits twice: the workers join during or after the first fit, and all take part in the second. */
  async function train(dtype: DType, threads: number) {
    const teams = watchTeams(core);
    const network = await create(problem, { dtype, threads });
    try {
      const first = await fit(network, problem);
      await teams[0]?.assemble(threads - 1);
      const { loss } = await fit(network, problem);
      const sharing = teams[0]?.threads;
      const bits = bitsOfAll(network, problem, [...first.loss, ...loss]);
      return { bits, teams: teams.length, sharing };
    } finally {
      network.dispose();
    }
  }

  it.each(DTYPES)("gives the same bits in %s with 1, 2, 3 and 5 threads", async (dtype) => {
    const alone = await train(dtype, 1);
    expect(alone.teams).toBe(0);
    for (const threads of [2, 3, 5]) {
      const together = await train(dtype, threads);
      expect(together).toEqual({ bits: alone.bits, teams: 1, sharing: threads });
    }
  });
});

describe("threads", () => {
  it("do not take part in training a small network", async () => {
    const small = classify(40, [2, 3, 2], { epochs: 50, batchSize: 8 });
    const teams = watchTeams(core);
    const alone = await create(small, {});
    const together = await create(small, { threads: 3 });
    for (const network of [alone, together]) await fit(network, small);
    await teams[0]!.assemble(2);
    for (const network of [alone, together]) await fit(network, small);
    expect(parametersOf(together)).toBe(parametersOf(alone));
    expect(teams[0]!.calls).toBe(0);
    alone.dispose();
    together.dispose();
  });

  it("do not take part if the workspace has no room for them", async () => {
    const { workspace_size_f32: size, workspace_layout_f32: layout } = core.exports;
    replaceExports(core, {
      workspace_size_f32: (network, rows) => size(network, rows, 2),
      workspace_layout_f32: (network, workspace, rows) => layout(network, workspace, rows, 2),
    });
    const teams = watchTeams(core);
    const alone = await create(DIGITS, {});
    const together = await create(DIGITS, { threads: 4 });
    for (const network of [alone, together]) await fit(network, DIGITS);
    await teams[0]!.assemble(3);
    for (const network of [alone, together]) await fit(network, DIGITS);
    expect(teams[0]!.threads).toBe(2);
    expect(parametersOf(together)).toBe(parametersOf(alone));
    alone.dispose();
    together.dispose();
  });

  it("are not set from a team that is not in memory, or not at a multiple of 64", () => {
    const network = new CoreNetwork(core, { dtype: "float32", inputs: 1, layers: [dense(1)], loss: "huber" });
    const { network_set_team: setTeam } = core.exports;
    const team = network.allocate(core.exports.team_size());
    for (const address of [8, team + 4, 2 ** 32 - 64]) {
      expect(setTeam(network.address, address)).toBe(StatusNumber.InvalidAddress);
    }
    for (const address of [team, 0]) expect(setTeam(network.address, address)).toBe(StatusNumber.Ok);
    network.dispose();
  });

  it("start with the first fit, and not before", async () => {
    const teams = watchTeams(core);
    const network = await create(DIGITS, { threads: 2 });
    network.predict(DIGITS.inputs);
    network.evaluate(DIGITS.inputs, DIGITS.targets);
    expect(teams).toHaveLength(0);
    network.fitSync(DIGITS.inputs, DIGITS.targets, DIGITS.options);
    await fit(network, DIGITS);
    expect(teams).toHaveLength(1);
    await teams[0]!.assemble(1);
    network.dispose();
  });

  it("also take part in predict, evaluate and gradients", async () => {
    const teams = watchTeams(core);
    const network = await create(DIGITS, { threads: 2 });
    await fit(network, DIGITS);
    await teams[0]!.assemble(1);
    const { inputs, targets } = DIGITS;
    for (const use of [
      () => network.predict(inputs),
      () => network.evaluate(inputs, targets),
      () => network.gradients(inputs, targets),
    ]) {
      const before = teams[0]!.calls;
      use();
      expect(teams[0]!.calls).toBeGreaterThan(before);
    }
    network.dispose();
  });

  it("of networks that train at the same time do not affect each other's bits", async () => {
    const problems = [DIGITS, PROBLEMS["batches of several microbatches"]!];
    const teams = watchTeams(core);
    const train = async (problem: Problem, threads: number) => {
      const network = await create(problem, { threads });
      await fit(network, problem, { epochs: 10 });
      await Promise.all(teams.map((team) => team.assemble(1)));
      const { loss } = await fit(network, problem, { epochs: 40 });
      return { network, bits: bitsOfAll(network, problem, loss) };
    };
    const alone = await Promise.all(problems.map((problem) => train(problem, 1)));
    const together = await Promise.all(problems.map((problem) => train(problem, 2)));
    expect(teams.map(({ threads }) => threads)).toEqual([2, 2]);
    expect(together.map(({ bits }) => bits)).toEqual(alone.map(({ bits }) => bits));
    for (const { network } of [...alone, ...together]) network.dispose();
  });

  it("give the same bits if memory grows while they train", async () => {
    const { memory } = core;
    const teams = watchTeams(core);
    const alone = await create(DIGITS, {});
    const together = await create(DIGITS, { threads: 3 });
    for (const network of [alone, together]) await fit(network, DIGITS);
    await teams[0]!.assemble(2);
    const expected = await fit(alone, DIGITS, { epochs: 60 });
    const size = memory.buffer.byteLength;
    const tooMany = {
      data: new Float32Array(64 * Math.ceil(size / 256)),
      shape: [Math.ceil(size / 256), 64],
    };
    const { loss } = await fit(together, DIGITS, {
      epochs: 60,
      onProgress: () => {
        if (memory.buffer.byteLength === size) together.predict(tooMany);
      },
    });
    expect(memory.buffer.byteLength).toBeGreaterThan(size);
    expect(teams[0]!.threads).toBe(3);
    expect(bitsOfAll(together, DIGITS, loss)).toEqual(bitsOfAll(alone, DIGITS, expected.loss));
    for (const network of [alone, together]) network.dispose();
  });
});

describe("workers", () => {
  const freed: number[] = [];

  /** Waits until all workers have exited: the team's block is freed only then. */
  async function expectLeft(address: number) {
    await vi.waitUntil(() => freed.includes(address), { timeout: 30_000 });
  }

  function watchFreed() {
    freed.length = 0;
    const { free } = Heap.prototype;
    vi.spyOn(Heap.prototype, "free").mockImplementation(function (this: Heap, address) {
      freed.push(address);
      free.call(this, address);
    });
  }

  it("exit when their network is disposed, and its memory is freed", async () => {
    watchFreed();
    const teams = watchTeams(core);
    const network = await create(DIGITS, { threads: 3 });
    await fit(network, DIGITS);
    await teams[0]!.assemble(2);
    network.dispose();
    expect(freed).not.toContain(teams[0]!.address);
    await expectLeft(teams[0]!.address);
  });

  it("exit when their network is disposed before they have joined", async () => {
    watchFreed();
    const teams = watchTeams(core);
    const network = await create(DIGITS, { threads: 3 });
    network.fitSync(DIGITS.inputs, DIGITS.targets, { epochs: 1 });
    network.dispose();
    await expectLeft(teams[0]!.address);
  });

  it("exit when their network is disposed during a fit", async () => {
    watchFreed();
    const teams = watchTeams(core);
    const network = await create(DIGITS, { threads: 3 });
    const fitting = fit(network, DIGITS, { epochs: 1e6 }).catch((error: unknown) => error);
    await teams.at(0)?.assemble(2);
    await vi.waitUntil(() => teams[0]?.joined === 2 && teams[0].threads === 3, { timeout: 30_000 });
    network.dispose();
    expect(await fitting).toMatchObject({ code: "disposed" });
    await expectLeft(teams[0]!.address);
  });

  it("exit when their network is garbage-collected", async () => {
    watchFreed();
    const teams = watchTeams(core);
    await (async () => {
      const network = await create(DIGITS, { threads: 2 });
      await fit(network, DIGITS);
      await teams[0]!.assemble(1);
    })();
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    await vi.waitUntil(
      () => {
        collect();
        return freed.includes(teams[0]!.address);
      },
      { timeout: 30_000 },
    );
  });

  const program = (rest: string) => `
    import { createNetwork, dense } from "${new URL("../dist/index.js", import.meta.url)}";
    const network = await createNetwork({ inputs: 64, layers: [dense(96), dense(10)], loss: "huber", threads: 2 });
    const inputs = { data: new Float32Array(256 * 64), shape: [256, 64] };
    const targets = { data: new Float32Array(256 * 10), shape: [256, 10] };
    network.fitSync(inputs, targets, { batchSize: 128 });
    ${rest}`;

  // V8 11.3 (Node 20): the baseline compiler's code overwrote the number of a worker that slept before its first call.
  it("keep their numbers while they sleep, also in code of the baseline compiler", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        "--liftoff-only",
        "--input-type=module",
        "--eval",
        program(`
          await new Promise((resolve) => setTimeout(resolve, 500));
          inputs.data.forEach((_, i) => (inputs.data[i] = Math.sin(i)));
          const shared = network.predict(inputs).data;
          const alone = Array.from({ length: 256 }, (_, i) => {
            const row = inputs.data.subarray(64 * i, 64 * i + 64);
            return [...network.predict([row]).data];
          });
          const expected = Float32Array.from(alone.flat());
          console.log(Buffer.compare(Buffer.from(shared.buffer), Buffer.from(expected.buffer)));`),
      ],
      { encoding: "utf8", timeout: 30_000 },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "0\n", stderr: "" });
  });

  it.each([
    ["start", ""],
    ["work", "await network.fit(inputs, targets, { batchSize: 128, epochs: 300 });"],
    ["sleep", "await new Promise((resolve) => setTimeout(resolve, 500));"],
    ["exit", "await network.fit(inputs, targets, { batchSize: 128, epochs: 300 }); network.dispose();"],
  ])("do not keep the process alive while they %s", (_, rest) => {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", program(`${rest} console.log("done");`)],
      { encoding: "utf8", timeout: 30_000 },
    );
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: "done\n",
      stderr: "",
    });
  });
});

describe("a worker that fails", () => {
  const workers: Worker[] = [];

  /** Imports a copy of the library whose workers are instances of WorkerClass. */
  async function libraryWith(WorkerClass: typeof Worker) {
    vi.resetModules();
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
      name === "node:worker_threads" ? { Worker: WorkerClass } : undefined) as never);
    const library = await import("../src/index.js");
    const { sharedCore } = await import("../src/wasm/core.js");
    return { ...library, core: await sharedCore(undefined, { threads: true }) };
  }

  async function expectAlone(network: Network) {
    const before = parametersOf(network);
    await expect(fit(network, DIGITS)).rejects.toMatchObject({
      name: "BackpropError",
      code: "coreUnavailable",
      message: expect.stringMatching(/^A worker of the network has failed: .+without threads\.$/s),
    });
    expect(() => network.fitSync(DIGITS.inputs, DIGITS.targets)).toThrow(
      /^A worker of the network has failed/,
    );
    expect(parametersOf(network)).toBe(before);
    const { loss } = network.evaluate(DIGITS.inputs, DIGITS.targets);
    expect(loss).toBeGreaterThan(0);
  }

  it("does not disturb the fit that started it, but makes the next one throw", async () => {
    const { createNetwork } = await libraryWith(
      class extends Worker {
        constructor(_program: string, options: object) {
          super(new URL("missing.js", import.meta.url), { ...options, eval: false });
          workers.push(this);
        }
      },
    );
    const network = await createNetwork({ ...DIGITS.network, threads: 3 });
    const ended = fit(network, DIGITS, { epochs: 50 });
    await vi.waitUntil(() => workers.length === 2);
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve))));
    const alone = await createNetwork(DIGITS.network);
    expect((await ended).loss).toEqual((await fit(alone, DIGITS, { epochs: 50 })).loss);
    await expectAlone(network);
    network.dispose();
  });

  it("makes the first fit throw if the Worker constructor throws", async () => {
    const { createNetwork } = await libraryWith(
      class extends Worker {
        constructor(program: string, options: object) {
          super(program, options);
          this.terminate();
          throw new Error("no workers here");
        }
      },
    );
    const network = await createNetwork({ ...DIGITS.network, threads: 3 });
    await expect(fit(network, DIGITS)).rejects.toMatchObject({
      code: "coreUnavailable",
      message: expect.stringContaining("no workers here"),
      cause: new Error("no workers here"),
    });
    await expectAlone(network);
    network.dispose();
  });

  it("makes the next fit throw an error that names the reason and what to do", async () => {
    const { createNetwork } = await libraryWith(
      class extends Worker {
        constructor(_program: string, options: object) {
          super("throw new Error('out of luck.')", options);
          workers.push(this);
        }
      },
    );
    workers.length = 0;
    const network = await createNetwork({ ...DIGITS.network, threads: 2 });
    await fit(network, DIGITS);
    await new Promise((resolve) => workers[0]!.once("exit", resolve));
    await expect(fit(network, DIGITS)).rejects.toThrow(
      "A worker of the network has failed: out of luck. Create the network again. If it happens again, create the " +
        "network without threads.",
    );
    network.dispose();
  });

  it("does not make the network hang if the worker fails after it joined", async () => {
    workers.length = 0;
    const { createNetwork, core } = await libraryWith(
      class extends Worker {
        constructor(program: string, options: object) {
          super(program, options);
          workers.push(this);
        }
      },
    );
    const teams = watchTeams(core);
    const network = await createNetwork({ ...DIGITS.network, threads: 3 });
    await fit(network, DIGITS);
    await teams[0]!.assemble(2);
    await workers[0]!.terminate();
    await expectAlone(network);
    network.dispose();
  });
});

describe("createNetwork", () => {
  it.each([0, -1, 1.5, 256, "2", null, true])("refuses %j threads", async (threads) => {
    expect(await rejectionOf({ threads })).toMatchObject({
      name: "BackpropError",
      code: "invalidOption",
      message: expect.stringMatching(/^threads is .+; expected an integer from 1 to 255\.$/),
    });
  });

  it.each([
    ["on a page that is not isolated", "crossOriginIsolated", false],
    ["without SharedArrayBuffer", "SharedArrayBuffer", undefined],
  ])("says which headers threads need %s", async (_, name, value) => {
    vi.resetModules();
    const { createNetwork } = await import("../src/index.js");
    vi.stubGlobal(name, value);
    await expect(createNetwork({ ...DIGITS.network, threads: 2 })).rejects.toMatchObject({
      name: "BackpropError",
      code: "unsupported",
      message: expect.stringMatching(
        /Cross-Origin-Opener-Policy: same-origin.+Cross-Origin-Embedder-Policy: require-corp/,
      ),
    });
    // One thread needs no headers, and more threads can be created once they are available.
    (await createNetwork({ ...DIGITS.network, threads: 1 })).dispose();
    vi.unstubAllGlobals();
    (await createNetwork({ ...DIGITS.network, threads: 2 })).dispose();
  });
});
