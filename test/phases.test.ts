import { beforeAll, describe, expect, it } from "vitest";
import { StructView } from "../src/abi/struct.js";
import { OptimizerStruct, StatusNumber } from "../src/abi/structs.js";
import type { FloatArray } from "../src/index.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread } from "./support/floats.js";
import { Region } from "./support/region.js";
import { layer, type NetworkShape, TestNetwork } from "./support/testNetwork.js";

/** The numbers of assembly/threads/phases.ts. */
const PHASES = {
  Forward: 0,
  Backward: 1,
  Gradients: 2,
  Penalty: 3,
  Norm: 4,
  Measure: 5,
  Check: 6,
  Update: 7,
  RowStep: 8,
} as const;

/** The numbers of RowPath in assembly/layers/tensors.ts. */
const ROW_PATHS = { None: 0, Loss: 1, Step: 2 } as const;

/** Numbers of parts. A narrow network has fewer than 16 rows, columns or cache lines. */
const COUNTS = [2, 3, 5, 16];
const MAX_COUNT = Math.max(...COUNTS);

/** Rows that the strict build packs together: those of four tiles. */
const PACKED_ROWS = 16;

const RATE = 0.3;

const NETWORKS: Record<string, NetworkShape> = {
  "7-13-5-3": {
    inputs: 7,
    layers: [layer(13, "gelu"), layer(5, "tanh"), layer(3, "sigmoid")],
    loss: "meanSquaredError",
  },
  "1-1": { inputs: 1, layers: [layer(1, "linear")], loss: "huber" },
  "11-6-17-10 with a fused loss": {
    inputs: 11,
    layers: [layer(6, "relu"), layer(17, "softplus", false), layer(10, "softmax")],
    loss: "categoricalCrossentropy",
  },
  "12-33-4 without biases": {
    inputs: 12,
    layers: [layer(33, "silu", false), layer(4, "softmax", false)],
    loss: "meanAbsoluteError",
  },
};

describe("partBegin", () => {
  it("divides every length at multiples of the unit into parts that cover it once", async () => {
    const { part_begin: partBegin } = (await compileAssembly("test/assembly/phases.ts")).exports;
    const counts = [...Array.from({ length: 20 }, (_, i) => i + 1), 63, 255];
    for (const unit of [1, 4, 6, 8, 64]) {
      for (const length of [0, 1, 2, 3, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 300, 1000, 65537]) {
        for (const count of counts) {
          const bounds = Array.from({ length: count + 1 }, (_, i) => partBegin!(length, unit, i, count));
          const what = `${length} in ${count} parts of ${unit}`;
          if (bounds[0] !== 0 || bounds.at(-1) !== length) expect.fail(`${what}: ${bounds}`);
          for (let i = 0; i < count; i++) {
            const [begin, end] = [bounds[i]!, bounds[i + 1]!];
            if (begin > end) expect.fail(`${what}: part ${i} is ${begin} … ${end}`);
            if (i > 0 && begin % unit !== 0) expect.fail(`${what}: part ${i} begins at ${begin}`);
            // No part has more than its share, rounded up to whole units.
            const share = Math.ceil(Math.ceil(length / unit) / count) * unit;
            if (end - begin > share) expect.fail(`${what}: part ${i} has ${end - begin}`);
          }
        }
      }
    }
  });
});

describe.each(DTYPES)("the phases of a microbatch in %s", (dtype) => {
  let assembly: Assembly;
  let region: Region;

  beforeAll(async () => {
    assembly = await compileAssembly("test/assembly/phases.ts");
    region = new Region(assembly, dtype);
  });

  function call(name: string, ...values: number[]): number {
    return assembly.exports[name]!(...values);
  }

  interface CreateOptions {
    /** Fills every tensor that must be written before it is read with NaN. */
    readonly isPoisoned?: boolean;
    readonly workspaceRows?: number;
  }

  function create(
    shape: NetworkShape,
    { isPoisoned = false, workspaceRows = 128 }: CreateOptions = {},
  ): TestNetwork {
    const network = new TestNetwork(assembly, region, dtype, shape, {
      rows: workspaceRows,
      threads: MAX_COUNT,
    });
    network.learningRate = RATE;
    if (isPoisoned) {
      network.gradients.fill(Number.NaN);
      for (const { address, length } of [...network.workspaceTensors(), ...network.panels(PACKED_ROWS)]) {
        region.view(address, length).fill(Number.NaN);
      }
    }
    return network;
  }

  /** Runs each part once, but not in ascending order. (7 has no common factor with any of the counts.) */
  function runParts(network: TestNetwork, phase: keyof typeof PHASES, count: number): void {
    for (let i = 0; i < count; i++) {
      network.call("do_part", network.address, network.workspace, PHASES[phase], (7 * i + 3) % count, count);
    }
  }

  /** "step": gradients and update. "rowStep": both in one phase, for one row. */
  type Mode = "gradients" | "step" | "rowStep";

  interface Result {
    readonly loss: FloatArray;
    readonly parameters: FloatArray;
    readonly gradients: FloatArray;
    readonly outputs: FloatArray;
  }

  interface LearnOptions extends CreateOptions {
    readonly isOrdered?: boolean;
  }

  /** Takes all rows as one batch, each phase in `count` parts. */
  function learn(
    shape: NetworkShape,
    rows: number,
    mode: Mode,
    count: number,
    { isOrdered = false, ...options }: LearnOptions = {},
  ): Result {
    const network = create(shape, options);
    const { address, workspace, capacity } = network;
    const { units } = shape.layers.at(-1)!;
    const order = isOrdered ? Uint32Array.from({ length: rows }, (_, i) => rows - 1 - i) : undefined;
    const samples = network.putSamples(
      spread(rows * shape.inputs, -1, 1, 0.7),
      spread(rows * units, 0, 1, 0.4),
      order,
    );
    call("begin_passes", address, workspace);
    let loss = 0;
    for (let row = 0; row < rows; row += capacity) {
      const passRows = Math.min(capacity, rows - row);
      network.call("begin_microbatch", address, workspace, samples, row, passRows);
      runParts(network, "Forward", count);
      network.call("gather_targets", address, workspace, samples, row, passRows);
      for (let block = 0; block < passRows; block += 128) {
        loss += network.call("loss", address, workspace, block, 1);
      }
      call("set_accumulates", workspace, Number(row > 0));
      runParts(network, "Backward", count);
      if (mode !== "rowStep") runParts(network, "Gradients", count);
    }
    if (mode === "step") runParts(network, "Update", count);
    if (mode === "rowStep") runParts(network, "RowStep", count);
    expect(network.changedGuard()).toBe("");
    expectPadding(network);
    return {
      loss: Float64Array.of(loss),
      parameters: network.parameters.slice(),
      gradients: network.gradients.slice(),
      outputs: network.outputs(rows % capacity || capacity),
    };
  }

  /** Parameters and gradients end with zeros to the next cache line. */
  function expectPadding({ parameters, gradients, parameterCount }: TestNetwork): void {
    const line = 64 / parameters.BYTES_PER_ELEMENT;
    const count = Math.ceil(parameterCount / line) * line - parameterCount;
    for (const { byteOffset, byteLength } of [parameters, gradients]) {
      const padding = region.view(byteOffset + byteLength, count);
      expect(firstDifference(padding.slice(), floats(dtype, count))).toBe(-1);
    }
  }

  /** Where two results first differ, or "". */
  function difference(actual: Result, expected: Result): string {
    for (const name of ["outputs", "loss", "gradients", "parameters"] as const) {
      const at = firstDifference(actual[name], expected[name]);
      if (at >= 0) return `${name}[${at}]: ${actual[name][at]}, expected ${expected[name][at]}`;
    }
    return "";
  }

  function modesOf(rows: number): Mode[] {
    return rows === 1 ? ["gradients", "step", "rowStep"] : ["gradients", "step"];
  }

  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const round = dtype === "float32" ? Math.fround : (value: number) => value;

  function stepped(parameters: FloatArray, gradients: FloatArray): FloatArray {
    return parameters.map((parameter, i) => round(parameter - round(round(RATE) * gradients[i]!)));
  }

  describe.each(Object.entries(NETWORKS))("of the network %s", (_, shape) => {
    it.each([1, 2, 5, 31, 32, 33, 100, 128, 129, 300])(
      "give the same bits for any number of parts in any order, %i rows",
      (rows) => {
        for (const mode of modesOf(rows)) {
          for (const isOrdered of [true, false]) {
            const whole = learn(shape, rows, mode, 1, { isOrdered });
            expect(whole.outputs.length).toBe(shape.layers.at(-1)!.units * (rows % 128 || 128));
            expect(whole.gradients.some((value) => value !== 0)).toBe(mode !== "rowStep");
            expect(whole.parameters.every(Number.isFinite)).toBe(true);
            for (const count of COUNTS) {
              const parts = learn(shape, rows, mode, count, { isOrdered });
              expect(difference(parts, whole), `${count} parts, ${mode}`).toBe("");
            }
          }
        }
      },
    );

    it("change parameters only in Update and RowStep, which compute parameter − rate · gradient", () => {
      for (const rows of [1, 33, 129, 300]) {
        const initial = create(shape).parameters.slice();
        const { parameters, gradients } = learn(shape, rows, "gradients", 1);
        expect(firstDifference(parameters, initial)).toBe(-1);
        const expected = stepped(initial, gradients);
        expect(firstDifference(expected, initial)).not.toBe(-1);
        const step = learn(shape, rows, "step", 3);
        expect(firstDifference(step.parameters, expected)).toBe(-1);
        expect(firstDifference(step.gradients, gradients)).toBe(-1);
        if (rows > 1) continue;
        const rowStep = learn(shape, rows, "rowStep", 3);
        expect(firstDifference(rowStep.parameters, expected)).toBe(-1);
        expect(firstDifference(rowStep.gradients, floats(dtype, gradients.length))).toBe(-1);
      }
    });

    it("read no element of a tensor before they write it", () => {
      for (const rows of [1, 2, 5, 31, 128, 130]) {
        for (const mode of modesOf(rows)) {
          for (const count of [1, 3]) {
            const clean = learn(shape, rows, mode, count);
            const poisoned = learn(shape, rows, mode, count, { isPoisoned: true });
            if (mode === "rowStep") {
              expect(poisoned.gradients.every(Number.isNaN)).toBe(true);
              poisoned.gradients.set(clean.gradients);
            }
            expect(difference(poisoned, clean), `${rows} rows, ${count} parts, ${mode}`).toBe("");
          }
        }
      }
    });

    it("are divided into parts that write different words", () => {
      for (const rows of [1, 33, 128]) {
        const network = create(shape, { isPoisoned: true });
        const { address, workspace, regions } = network;
        const samples = network.putSamples(
          spread(rows * shape.inputs, -1, 1, 0.7),
          spread(rows * shape.layers.at(-1)!.units, 0, 1, 0.4),
        );
        const begin = regions.network.address;
        const words = new Uint32Array(assembly.memory.buffer, begin, (samples - begin) / 4);
        call("begin_passes", address, workspace);
        network.call("begin_microbatch", address, workspace, samples, 0, rows);
        for (const phase of [
          "Forward",
          "Backward",
          "Gradients",
          "Measure",
          "Check",
          "Update",
          "RowStep",
        ] as const) {
          if (phase === "RowStep" && rows > 1) continue;
          const before = words.slice();
          for (const count of [2, 5]) {
            /** The part that wrote each word, from 1 on. */
            const writers = new Uint8Array(words.length);
            for (let i = 0; i < count; i++) {
              network.call("do_part", address, workspace, PHASES[phase], i, count);
              for (let at = 0; at < words.length; at++) {
                if (words[at] === before[at]) continue;
                if (writers[at]) expect.fail(`${phase}: parts ${writers[at]! - 1} and ${i} of ${count}`);
                writers[at] = i + 1;
              }
              words.set(before);
            }
            // The backward pass of a single linear layer has nothing to compute.
            if (phase !== "Backward") expect(writers.some((writer) => writer > 0)).toBe(true);
          }
          runParts(network, phase, 1);
          if (phase !== "Forward") continue;
          network.call("gather_targets", address, workspace, samples, 0, rows);
          network.call("loss", address, workspace, 0, 1);
        }
      }
    });

    it("give the same bits for any size of the workspace", () => {
      for (const rows of [1, 100, 129, 130, 300]) {
        const small = learn(shape, rows, "step", 1);
        for (const workspaceRows of [1, 129, 300, 1000]) {
          const large = learn(shape, rows, "step", 3, { workspaceRows });
          // The outputs are those of the last microbatch.
          const comparable = { ...large, outputs: small.outputs };
          // In a workspace of 128 rows, row 129 takes the row path, which adds the terms of a row in another order.
          if (rows === 129) {
            expect(Math.abs(large.loss[0]! / small.loss[0]! - 1)).toBeLessThan(2 * epsilon);
            comparable.loss = small.loss;
          }
          expect(difference(comparable, small), `${rows} rows, a workspace of ${workspaceRows}`).toBe("");
        }
      }
    });

    it("Measure bounds |gradient|, and is not finite if a gradient is not", () => {
      const network = create(shape);
      const { gradients, parameterCount, workspace } = network;
      const values = spread(parameterCount, -1, 1, 0.2);
      const measure = (count: number) => {
        runParts(network, "Measure", count);
        let largest = 0;
        for (let i = 0; i < count; i++) largest += call("scratch_bound", workspace, i);
        return largest;
      };
      gradients.set(values);
      for (const count of [1, ...COUNTS]) {
        // A part whose gradients are all below 2 has the bound 2.
        expect(measure(count)).toBe(2 * count);
        for (let at = 0; at < parameterCount; at++) {
          for (const value of [Number.NaN, Infinity, -Infinity, 1e30, -1e30]) {
            gradients[at] = value;
            const bound = measure(count);
            const isRight = Number.isFinite(value)
              ? bound >= Math.abs(gradients[at]!)
              : !Number.isFinite(bound);
            if (!isRight) expect.fail(`${value} at ${at}, ${count} parts: ${bound}`);
            gradients[at] = values[at]!;
          }
        }
      }
    });

    it("Check is true in all parts if and only if Update makes all parameters finite, and changes nothing", () => {
      const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
      const network = create(shape);
      const { gradients, parameters, parameterCount, workspace } = network;
      const values = spread(parameterCount, -1, 1, 0.2);
      const check = (count: number) => {
        const before = [parameters.slice(), gradients.slice()] as const;
        runParts(network, "Check", count);
        expect(firstDifference(parameters, before[0])).toBe(-1);
        expect(firstDifference(gradients, before[1])).toBe(-1);
        return Array.from({ length: count }, (_, i) => call("scratch_is_finite", workspace, i)).every(
          (is) => is === 1,
        );
      };
      network.learningRate = 4;
      gradients.set(values);
      for (const count of [1, ...COUNTS]) {
        expect(check(count)).toBe(true);
        for (let at = 0; at < parameterCount; at++) {
          for (const [value, expected] of [
            [Number.NaN, false],
            [-Infinity, false],
            [largest / 2, false],
            [largest / 4, true],
          ] as const) {
            gradients[at] = value;
            if (check(count) !== expected) expect.fail(`${value} at ${at}, ${count} parts`);
            gradients[at] = values[at]!;
          }
        }
      }
    });
  });

  /** Whether an update refuses to make a number not finite. */
  function isRefused(network: TestNetwork): boolean {
    return network.call("update", network.address, network.workspace) === StatusNumber.StepNotFinite;
  }

  it.each(Object.entries(NETWORKS))(
    "an update of the network %s that would not be finite changes nothing",
    (_, shape) => {
      const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
      const network = create(shape);
      const { address, workspace, parameters, gradients, parameterCount, optimizer } = network;
      const values = spread(parameterCount, -1, 1, 0.2);
      const stepsTaken = () => [
        call("network_step", address),
        new StructView(OptimizerStruct, assembly.memory, optimizer).get("step"),
      ];
      network.learningRate = 4;
      const initial = parameters.slice();
      for (let at = 0; at < parameterCount; at++) {
        for (const bad of [Number.NaN, Infinity, -Infinity, largest / 2]) {
          gradients.set(values);
          gradients[at] = bad;
          const kept = gradients.slice();
          if (!isRefused(network)) expect.fail(`${bad} at ${at} is accepted`);
          if (firstDifference(parameters, initial) >= 0) expect.fail(`${bad} at ${at} changes parameters`);
          expect(firstDifference(gradients, kept)).toBe(-1);
        }
        parameters[at] = Infinity;
        gradients.set(values);
        if (!isRefused(network)) expect.fail(`an infinite parameter at ${at} is accepted`);
        parameters[at] = initial[at]!;
      }
      expect(stepsTaken()).toEqual([0, 0]);
      // The bound is too large, but the check finds that the update is finite.
      gradients[0] = largest / 8;
      expect(network.call("update", address, workspace)).toBe(StatusNumber.StepTaken);
      expect(stepsTaken()).toEqual([1, 1]);
      const expected = initial.map((value, i) => round(value - round(4 * gradients[i]!)));
      expect(firstDifference(parameters, expected)).toBe(-1);
    },
  );

  it("are divided if they process parameters, or more columns than one tile", () => {
    const shape = NETWORKS["7-13-5-3"]!;
    const network = create(shape);
    const samples = network.putSamples(spread(300 * shape.inputs), spread(300 * 3));
    for (const rows of [1, 2, 2 * lanesOf(dtype), 2 * lanesOf(dtype) + 1, 100, 128]) {
      call("begin_passes", network.address, network.workspace);
      network.call("begin_microbatch", network.address, network.workspace, samples, 0, rows);
      expect(call("row_path", network.workspace)).toBe(rows === 1 ? ROW_PATHS.Step : ROW_PATHS.None);
      const divisible = Object.values(PHASES).map((phase) =>
        network.call("is_divisible", network.workspace, phase),
      );
      const columns = Number(rows > 2 * lanesOf(dtype));
      expect(divisible).toEqual([columns, columns, ...Array(divisible.length - 2).fill(1)]);
    }
  });
});
