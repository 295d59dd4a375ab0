import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withDataset, withLoss } from "../../src/experiment/change.js";
import {
  DATASETS,
  type DatasetName,
  LOSS_NAMES,
  OPTIMIZERS,
  type OptimizerName,
  SCHEDULES,
  type ScheduleName,
} from "../../src/experiment/choices.js";
import { DEFAULT_EXPERIMENT, type Experiment, type TableChoice } from "../../src/experiment/experiment.js";
import { NOTEBOOKS } from "../../src/notebooks/notebooks.js";
import { Client } from "./client.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FILES = `${ROOT}examples/data/`;
const run = promisify(execFile);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "program-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(ROOT, join(folder, "node_modules", "backprop-wasm"), "dir");
  for (const file of ["digits.csv", "iris.csv", "diabetes.csv"])
    await copyFile(FILES + file, join(folder, file));
});

afterAll(() => rm(folder, { recursive: true }));

function bytesOf(experiment: Experiment): Uint8Array | undefined {
  const { dataset, table } = experiment.data;
  const file = dataset === "digits" ? "digits.csv" : table?.file;
  return file === undefined ? undefined : readFileSync(join(folder, file));
}

/** Trains an experiment as the page does, takes its program away, runs it, and expects the same hash. */
async function expectSameHash(experiment: Experiment, epochs: number): Promise<string> {
  const client = new Client();
  await client.open(experiment, bytesOf(experiment));
  const { hash } = await client.runTo(epochs);
  const { bytes } = await client.export("program");
  const program = new TextDecoder().decode(bytes);
  const file = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, program);
  const { stdout } = await run(process.execPath, [file], { cwd: folder });
  expect(stdout, program).toBe(`${hash}\n`);
  return program;
}

function table(
  file: string,
  target: string,
  columns: readonly string[],
  hash: string,
  classes: number,
): TableChoice {
  return { file, target, columns, hash, classes };
}

async function ofFile(file: string, target: string, skipped: readonly string[] = []): Promise<Experiment> {
  const { hash, columns } = await new Client().inspect(readFileSync(join(folder, file)));
  const names = columns.map(({ name }) => name).filter((name) => name !== target && !skipped.includes(name));
  const { classes } = columns.find(({ name }) => name === target)!;
  return withDataset(DEFAULT_EXPERIMENT, "table", table(file, target, names, hash, classes));
}

describe("the program of an experiment prints the hash that the page shows", () => {
  const datasets = Object.keys(DATASETS).filter(
    (name) => name !== "table" && name !== "drawn",
  ) as DatasetName[];

  it.each(datasets)("for the data set %s", async (dataset) => {
    const experiment = withDataset(DEFAULT_EXPERIMENT, dataset);
    const program = await expectSameHash(
      { ...experiment, data: { ...experiment.data, noise: 0.1, rows: 123, seed: 5 } },
      7,
    );
    expect(program.trimEnd().split("\n").length).toBeLessThanOrEqual(dataset === "digits" ? 25 : 15);
  });

  it("for drawn points, alone and on a generated data set", async () => {
    const points = [
      [0.5, -1.25, 1],
      [-0.5, 0.1, 0],
      [0.25, 1, 1],
      [0, 0, 0],
      [1, 1, 1],
    ] as const;
    for (const dataset of ["drawn", "moons"] as const) {
      const { data } = withDataset(DEFAULT_EXPERIMENT, dataset);
      await expectSameHash({ ...DEFAULT_EXPERIMENT, data: { ...data, points } }, 5);
    }
  });

  it("for CSV files with classes and with numbers, of some columns, with and without validation", async () => {
    await expectSameHash(await ofFile("iris.csv", "class"), 5);
    const diabetes = await ofFile("diabetes.csv", "progression", ["age", "sex"]);
    await expectSameHash(diabetes, 5);
    await expectSameHash({ ...diabetes, data: { ...diabetes.data, validation: 0 } }, 5);
  });

  it("for a CSV file in which some rows lack the target, of classes and of numbers", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const [kind, price] = i % 4 === 0 ? ["", ""] : [i % 2 ? "yes" : "no", i * 1.5];
      return `${i % 7},${kind},${price}`;
    });
    await writeFile(join(folder, "gaps.csv"), `a,kind,price\n${rows.join("\n")}\n`);
    await expectSameHash(await ofFile("gaps.csv", "kind", ["price"]), 3);
    await expectSameHash(await ofFile("gaps.csv", "price", ["kind"]), 3);
  });

  it.each(LOSS_NAMES)("for the loss %s", async (loss) => {
    const dataset = loss === "quantile" ? "sine" : "moons";
    await expectSameHash(withLoss(withDataset(DEFAULT_EXPERIMENT, dataset), loss), 3);
  });

  it("for losses of one output on three classes", async () => {
    const iris = await ofFile("iris.csv", "class");
    for (const loss of ["hinge", "sigmoidCrossentropy", "meanSquaredError"] as const) {
      await expectSameHash(withLoss(iris, loss), 3);
    }
  });

  it.each(Object.keys(OPTIMIZERS) as OptimizerName[])("for the optimizer %s", async (name) => {
    await expectSameHash(
      { ...DEFAULT_EXPERIMENT, optimizer: { name, options: { clipNorm: 1, ema: 0.9, clipValue: 0 } } },
      3,
    );
  });

  it.each(Object.keys(SCHEDULES) as ScheduleName[])(
    "for the schedule %s, with and without warm-up",
    async (name) => {
      const { optimizer } = DEFAULT_EXPERIMENT;
      for (const warmup of [0, 3]) {
        await expectSameHash(
          { ...DEFAULT_EXPERIMENT, optimizer, schedule: { name, options: {}, warmup } },
          12,
        );
      }
    },
  );

  it("for all kinds of layers, in float64, with the random numbers of PyTorch and two threads", async () => {
    const layers = [
      { kind: "gaussianNoise", deviation: 0.05 },
      { kind: "dense", units: 6, activation: "relu", kernelInitializer: "heNormal()", kernelL2: 0.001 },
      { kind: "batchNorm" },
      { kind: "dropout", rate: 0.1 },
      { kind: "dense", units: 5, activation: "linear", useBias: false },
      { kind: "prelu" },
      { kind: "layerNorm", epsilon: 1e-4 },
    ] as const;
    const changes = { dtype: "float64", random: "torch", seed: 9, threads: 2, batchSize: 17 } as const;
    await expectSameHash({ ...DEFAULT_EXPERIMENT, layers, ...changes }, 6);
  });

  it.each(NOTEBOOKS.map(({ name, experiment }) => [name, experiment] as const))(
    "for the notebook %s",
    async (_, experiment) => {
      await expectSameHash(experiment, 300);
    },
  );

  it("before the first epoch", async () => {
    const client = new Client();
    await client.open(DEFAULT_EXPERIMENT);
    const { hash } = await client.frame();
    const { bytes } = await client.export("program");
    await writeFile(join(folder, "untrained.mjs"), bytes);
    const { stdout } = await run(process.execPath, ["untrained.mjs"], { cwd: folder });
    expect(stdout).toBe(`${hash}\n`);
  });
});
