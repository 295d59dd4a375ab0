import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { requireAgreement } from "../build/bench/agreement.js";
import { createPeaks } from "../build/bench/peak.js";
import { formatOptimizers } from "../build/bench/report.js";
import { whyNotRevectorized } from "../build/bench/revectorize/flag.js";
import { createParameters, createSamples } from "../build/bench/samples.js";
import type { Outputs, Subject } from "../build/bench/subject.js";
import { ADAM_WORKLOADS, findWorkload, flops, WORKLOADS } from "../build/bench/workloads.js";

const program = (file: string) => fileURLToPath(new URL(`../build/bench/${file}`, import.meta.url));
const BENCH = program("bench.js");
const GROWTH = program("growth.js");
const REVECTORIZE = program("revectorize/main.js");

const MODULES = {
  strict: readFileSync(new URL("../build/bench/peak.strict.wasm", import.meta.url)),
  fused: readFileSync(new URL("../build/bench/peak.fused.wasm", import.meta.url)),
};
const HAS_FUSED = WebAssembly.validate(MODULES.fused);

function bench(...args: string[]) {
  return spawnSync(process.execPath, [BENCH, "--milliseconds", "5", ...args], { encoding: "utf8" });
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

describe("npm run bench", () => {
  it("prints one line of JSON for each workload and engine, and nothing else", () => {
    const { status, stdout, stderr } = bench("--json", "--only", "2-2-1");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const positive = expect.toSatisfy((value) => Number.isFinite(value) && value > 0, "a positive number");
    const line = (dtype: string, engine: string) => ({
      work: "2-2-1",
      batch: 4,
      dtype,
      engine,
      build: "strict",
      threads: 1,
      microsecondsPerStep: positive,
      gflops: positive,
      peaks: HAS_FUSED ? { strict: positive, fused: positive } : { strict: positive },
      percentOfPeak: positive,
    });
    expect(jsonLines(stdout)).toEqual([
      line("float64", "wasm"),
      line("float64", "typescript"),
      line("float32", "wasm"),
      line("float32", "typescript"),
    ]);
  });

  it("measures the prediction of one row", () => {
    const { status, stdout } = bench("--json", "--only", "predict");
    expect(status).toBe(0);
    expect(jsonLines(stdout).map(({ work, batch, engine }) => ({ work, batch, engine }))).toEqual([
      { work: "64-32-10 predict", batch: 1, engine: "wasm" },
      { work: "64-32-10 predict", batch: 1, engine: "typescript" },
    ]);
  });

  it("prints an aligned Markdown table with both engines in each row", () => {
    const { status, stdout } = bench("--only", "4-16-3");
    expect(status).toBe(0);
    const [machine, peaks, , header, rule, row, ...rest] = stdout.trimEnd().split("\n");
    expect(machine).toContain(process.version);
    expect(peaks).toMatch(/^Register peak, GFLOP\/s: float32 [\d.]+ strict/);
    expect(peaks).toMatch(HAS_FUSED ? /strict, [\d.]+ fused\.$/ : /no fused multiply-add\.$/);
    const columns = "network, batch, dtype, wasm µs, GFLOP/s, % of PEAK peak, typescript µs, GFLOP/s, ratio";
    const names = columns.replace("PEAK", HAS_FUSED ? "fused" : "strict").split(", ");
    expect(cellsOf(header!)).toEqual(names);
    expect(row).toMatch(/^\| 4-16-3 +\| +16 \| float32 ( *\| +[\d.]+ ){6}\|$/);
    expect(rule).toMatch(/^\| -+ \| -+: \| -+ ( *\| -+: ){6}\|$/);
    expect(row).toHaveLength(header!.length);
    expect(rule).toHaveLength(header!.length);
    expect(rest).toEqual([]);
  });

  it("prints one line of JSON for each optimizer, with its ratios to SGD and Adam", () => {
    const { status, stdout, stderr } = bench("--json", "--only", "64-32-10 optimizers");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const lines = jsonLines(stdout);
    const names = lines.map(({ optimizer }) => optimizer);
    const every = ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamW", "nadam", "rprop"];
    expect(names).toEqual(expect.arrayContaining(every));
    expect(new Set(names).size).toBe(names.length);
    const positive = expect.toSatisfy((value) => Number.isFinite(value) && value > 0, "a positive number");
    for (const line of lines) {
      const { optimizer } = line;
      expect(line).toEqual({
        work: "64-32-10",
        batch: 32,
        dtype: "float32",
        optimizer: expect.any(String),
        build: "strict",
        threads: 1,
        microsecondsPerStep: positive,
        ratioToSgd: optimizer === "sgd" ? 1 : positive,
        ratioToAdam: optimizer === "adam" ? 1 : positive,
      });
    }
  });

  it("formats the optimizers as a table with three columns for each network", () => {
    const measured = (work: string, optimizer: string, ratioToSgd: number) => ({
      ...{ work, batch: 32, dtype: "float32", optimizer, build: "strict", threads: 1 },
      ...{ microsecondsPerStep: 10 * ratioToSgd, ratioToSgd, ratioToAdam: ratioToSgd / 2 },
    });
    const networks = ["64-32-10", "784-128-10"];
    const measurements = networks.map((work) => [measured(work, "sgd", 1), measured(work, "adam", 2)]);
    const [machine, , header, , ...rows] = formatOptimizers(measurements as never).split("\n");
    expect(machine).toContain(process.version);
    expect(cellsOf(header!)).toEqual([
      "optimizer",
      ...networks.flatMap((name) => [`${name} b32 µs`, "÷ sgd", "÷ adam"]),
    ]);
    expect(rows.map(cellsOf)).toEqual([
      ["sgd", ...Array(2).fill(["10.0", "1.00", "0.500"]).flat()],
      ["adam", ...Array(2).fill(["20.0", "2.00", "1.00"]).flat()],
    ]);
  });

  it.each([
    [["--unknown"], "--unknown"],
    [["stray"], "too many arguments"],
    [["--only", "1-2-3"], "'1-2-3' is invalid. Expected a part of one of:\n  2-2-1 b4 float64\n"],
    [["--milliseconds", "0"], "'0' is invalid. Expected a number above 0."],
    [["--milliseconds", "soon"], "'soon' is invalid. Expected a number above 0."],
  ])("rejects %j with a message and exit code 2", (args, message) => {
    const { status, stdout, stderr } = bench(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Usage: npm run bench");
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});

describe("npm run bench:growth", () => {
  function growth(...args: string[]) {
    return spawnSync(process.execPath, [GROWTH, ...args], { encoding: "utf8" });
  }

  it("prints the cost of a multiply-add for each line of a series", () => {
    const { status, stdout, stderr } = growth("batch");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const [machine, , header, , ...lines] = stdout.trimEnd().split("\n");
    expect(machine).toContain(process.version);
    expect(cellsOf(header!)).toContain("ps a multiply-add");
    const cells = lines.map(cellsOf);
    expect(cells.map(([series, network, batch]) => [series, network, batch])).toEqual(
      ["1", "4", "16", "64", "256", "1024"].map((batch) => ["batch", "256-256-10", batch]),
    );
    const lowest = cells.map((_, i) => Math.min(...cells.slice(0, i + 1).map((row) => Number(row[6]))));
    cells.forEach(([, , , , microseconds, gflops, cost, ratio], i) => {
      expect(Number(microseconds)).toBeGreaterThan(0);
      expect(Number(gflops)).toBeCloseTo(2000 / Number(cost), 0);
      expect(Number(ratio)).toBeCloseTo(Number(cost) / lowest[i]!, 1);
    });
  });

  it("rejects an unknown series", () => {
    const { status, stdout, stderr } = growth("batch", "height");
    expect(stderr).toContain("each one of width, depth, batch, rows");
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});

describe("npm run bench:fashionMnist", () => {
  it("says in a sentence that the files are missing", () => {
    const program = fileURLToPath(new URL("../bench/peers/fashionMnist.js", import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [program, "--data", "/missing"], {
      encoding: "utf8",
    });
    expect(stdout).toBe(
      "Nothing was measured: there is no /missing (Debian's package dataset-fashion-mnist).\n",
    );
    expect(status).toBe(0);
  });
});

describe("npm run bench:revectorize", () => {
  const args = [REVECTORIZE, "--json", "--milliseconds", "5", "--only", "4-16-3"];
  const reason = whyNotRevectorized();

  it.skipIf(reason)("prints one line of JSON for each build, without and with the flag", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const positive = expect.toSatisfy((value) => Number.isFinite(value) && value > 0, "a positive number");
    const line = (build: string, revectorized: boolean) => ({
      work: "4-16-3",
      batch: 16,
      dtype: "float32",
      build,
      revectorized,
      threads: 1,
      microsecondsPerStep: positive,
      best: positive,
      ratio: revectorized ? positive : 1,
    });
    expect(jsonLines(stdout)).toEqual([
      line("strict", false),
      line("strict", true),
      line("relaxed", false),
      line("relaxed", true),
    ]);
  });

  it.runIf(reason)("says in one line why the flag has no effect on this machine", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stderr).toBe(`Nothing was measured: ${reason}.\n`);
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

describe("the samples and parameters of a workload", () => {
  it("have normally distributed targets if the output layer is linear, and the workload's number of rows", () => {
    const regression = ADAM_WORKLOADS.find(({ layers }) => layers.at(-1)!.activation === "linear")!;
    const { rows, inputs, targets } = createSamples(regression);
    expect([rows, inputs.length, targets.length]).toEqual([10_000, 40_000, 40_000]);
    expect(targets.some((target) => target < -2)).toBe(true);
    expect(targets).not.toEqual(inputs);
  });

  it("are float32 numbers, and the rows' classes alternate", () => {
    const { rows, inputs, targets } = createSamples(findWorkload("4-16-3 b16 float32"));
    expect(rows).toBe(32);
    expect(inputs).toBeInstanceOf(Float32Array);
    expect(inputs).toHaveLength(32 * 4);
    expect(Array.from(targets.subarray(0, 12))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
  });

  it("are the same for both dtypes", () => {
    const [float32, float64] = ["float32", "float64"].map((dtype) => findWorkload(`64-32-10 b32 ${dtype}`));
    expect(createSamples(float64!)).toEqual(createSamples(float32!));
    expect(createParameters(float64!)).toEqual(createParameters(float32!));
    expect(createParameters(float64!)).toHaveLength(65 * 32 + 33 * 10);
  });
});

describe("the register-only peak benchmark", () => {
  const ACCUMULATORS = 12;
  /** Opcodes, without the prefix byte of vector instructions. */
  const INSTRUCTIONS = [
    ["strict", "f32x4.mul", [0xe6, 0x01]],
    ["strict", "f64x2.mul", [0xf2, 0x01]],
    ["fused", "f32x4.relaxed_madd", [0x85, 0x02]],
    ["fused", "f64x2.relaxed_madd", [0x87, 0x02]],
  ] as const;

  it.each(INSTRUCTIONS)("has in its %s module one %s for each accumulator", (name, _, opcode) => {
    const code = MODULES[name].toString("latin1");
    const instruction = Buffer.of(0xfd, ...opcode).toString("latin1");
    expect(code.split(instruction).length - 1).toBe(ACCUMULATORS);
  });

  it.each([
    ["float32", 4],
    ["float64", 2],
  ] as const)("counts two operations for each lane of %s", async (dtype, lanes) => {
    const peaks = await createPeaks(dtype);
    expect(peaks.map(({ name }) => name)).toEqual(HAS_FUSED ? ["strict", "fused"] : ["strict"]);
    for (const { flops } of peaks) expect(flops).toBe(2 * ACCUMULATORS * lanes * 1000);
  });

  it("executes every iteration of its loop", async () => {
    const { exports } = (await WebAssembly.instantiate(MODULES.strict)).instance;
    for (const type of ["f32", "f64"]) {
      const multiplyAdd = exports[`multiply_add_${type}`] as (factor: number, term: number) => number;
      // With the factor 1, every iteration adds the term. The accumulators begin at 0, 1, … 11, whose sum is 66.
      expect(multiplyAdd(1, 0.5)).toBe(ACCUMULATORS * 1000 * 0.5 + 66);
    }
  });
});

describe("requireAgreement", () => {
  const [workload] = WORKLOADS;

  function subject(engine: Subject["engine"], outputs: Outputs): Subject {
    return { engine, reset() {}, step() {}, outputs: () => outputs, dispose() {} };
  }

  function compare(wasm: Outputs, typescript: Outputs): void {
    requireAgreement(workload!, [subject("wasm", wasm), subject("typescript", typescript)]);
  }

  it("accepts rounding errors", () => {
    const losses = Float64Array.of(0.3, 0.2);
    expect(() => compare({ losses }, { losses: losses.map((loss) => loss * (1 + 1e-15)) })).not.toThrow();
  });

  it.each([
    ["a difference", Float64Array.of(0.3, 0.2001)],
    ["NaN", Float64Array.of(0.3, NaN)],
    ["a missing element", Float64Array.of(0.3)],
  ])("throws for %s", (_, losses) => {
    const expected = { losses: Float64Array.of(0.3, 0.2) };
    expect(() => compare({ losses }, expected)).toThrow("2-2-1 b4 float64: after 4 steps the losses of wasm");
  });
});

describe("flops", () => {
  it("counts the matrix products of the forward and the backward pass", () => {
    const counted = Object.fromEntries(
      WORKLOADS.map((workload) => [`${workload.name} b${workload.batch}`, flops(workload)]),
    );
    expect(counted).toEqual({
      "2-2-1 b4": 2 * 4 * (2 * 4 + 3 * 2),
      "4-16-3 b16": 2 * 16 * (2 * 64 + 3 * 48),
      "64-32-10 b1": 2 * (2 * 2048 + 3 * 320),
      "64-32-10 b32": 2 * 32 * (2 * 2048 + 3 * 320),
      "784-128-10 b32": 2 * 32 * (2 * 100352 + 3 * 1280),
      "784-128-10 b128": 2 * 128 * (2 * 100352 + 3 * 1280),
      "784-512-512-10 b128": 2 * 128 * (2 * 401408 + 3 * 262144 + 3 * 5120),
      "64-32-10 predict b1": 2 * (2048 + 320),
    });
  });
});
