// The program backprop-wasm, as dist/ has it.

import { spawn } from "node:child_process";
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createRowProgress } from "../src/cli/progress.js";
import { readNpz } from "../src/formats.js";
import { loadTableModel, readTable, trainTable } from "../src/table.js";
import { readPage } from "./support/markdown.js";

const PROGRAM = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const DATA = fileURLToPath(new URL("../examples/data/", import.meta.url));
const IRIS = join(DATA, "iris.csv");

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  /** A file, or its contents, for standard input. */
  readonly input?: string | Readable;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with all that was written to standard error so far. */
  readonly onError?: (text: string, child: ReturnType<typeof spawn>) => void;
  /** Whether the reader of standard output ends after the first piece. */
  readonly closes?: boolean;
}

/** The parts of a record that tests change. */
interface ForgedRecord {
  readonly epochs: string[];
  readonly segments: { library: string }[];
  readonly settings: { numerics?: string };
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], { input, env, onError, closes }: RunOptions = {}): Promise<Result> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: { ...process.env, ...env } });
  // The program may end before it has read all.
  child.stdin.on("error", () => {});
  if (input === undefined) child.stdin.end();
  else (typeof input === "string" ? createReadStream(input) : input).pipe(child.stdin);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (piece) => {
    stdout += piece;
    if (closes) child.stdout.destroy();
  });
  child.stderr.on("data", (piece) => {
    stderr += piece;
    onError?.(stderr, child);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

async function succeed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(args);
  expect(stderr + stdout).toBeTruthy();
  expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
  return stdout;
}

async function json(...args: string[]) {
  return JSON.parse((await succeed(...args, "--json")).trim().split("\n").at(-1)!);
}

/** Requires status 1 and one line on standard error. */
async function fail(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(args);
  const lines = stderr.trim().split("\n");
  expect({ status, stdout, lines: lines.length }).toEqual({ status: 1, stdout: "", lines: 1 });
  expect(stderr).toMatch(/^backprop-wasm: .+\.\n$/);
  return stderr;
}

function write(name: string, text: string | Uint8Array): string {
  writeFileSync(join(folder, name), text);
  return name;
}

function read(name: string): Buffer {
  return readFileSync(join(folder, name));
}

/** Flats, some without an age; the price of one is missing. */
const FLATS = `area;age;city;continent;price\n${Array.from({ length: 120 }, (_, i) => {
  const [area, age, city] = [20 + ((i * 37) % 101), (i * 13) % 60, ["Bern", '"Oslo, N"', "Rome"][i % 3]];
  return `${area};${i % 10 === 0 ? "" : age};${city};Europe;${i === 7 ? "" : `${(area * (i % 3 === 2 ? 2 : 1) - age) / 8}`}`;
}).join("\n")}\n`;

/** Makes a program's clock run a hundred times as fast. */
const FAST_CLOCK = "const now = performance.now.bind(performance); performance.now = () => 100 * now();";

describe("train with its defaults and --seed 1", () => {
  it.each([
    ["iris", "class", "accuracy", 0.93],
    ["wine", "class", "accuracy", 0.95],
    ["breastCancer", "class", "accuracy", 0.95],
    ["digits", "class", "accuracy", 0.96],
    ["diabetes", "progression", "r2", 0.35],
  ])("reaches its score on %s", async (name, target, score, least) => {
    const end = await json(
      "train",
      join(DATA, `${name}.csv`),
      "--target",
      target,
      "--seed",
      "1",
      "--out",
      `${name}.safetensors`,
    );
    expect(end.validation[score]).toBeGreaterThanOrEqual(least);
    expect(end).toMatchObject({
      event: "end",
      task: score === "r2" ? "regression" : "classification",
      validation: { loss: expect.any(Number) },
      file: `${name}.safetensors`,
      parametersHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});

describe("train", () => {
  beforeAll(async () => {
    write("flats.csv", FLATS);
    await succeed("train", IRIS, "--target", "class", "--epochs", "20", "--out", "short.safetensors");
  });

  it("writes a line of JSON for each epoch, and one for the end", async () => {
    const output = await succeed(
      "train",
      IRIS,
      "--target",
      "class",
      "--epochs",
      "3",
      "--json",
      "--out",
      "json.safetensors",
    );
    const lines = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ event }) => event)).toEqual(["epoch", "epoch", "epoch", "end"]);
    expect(lines[1]).toMatchObject({
      epoch: 2,
      epochs: 3,
      loss: expect.any(Number),
      validationAccuracy: expect.any(Number),
    });
    expect(lines[3]).toMatchObject({ epochs: 3, stopped: "epochs", rows: { training: 120, validation: 30 } });
    expect(Object.keys(lines[3]).slice(0, 5)).toEqual([
      "event",
      "task",
      "validation",
      "file",
      "parametersHash",
    ]);
  });

  it("says which task it chose and why, and what was dropped, imputed and left out", async () => {
    const { status, stdout, stderr } = await run([
      "train",
      "flats.csv",
      "--target",
      "price",
      "--epochs",
      "12",
      "--out",
      "flats.safetensors",
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^regression: "price" has \d+ different numbers in 119 rows\n/);
    expect(stdout).toContain("dropped continent: it has one value in all training rows\n");
    expect(stdout).toMatch(/\nage is missing in \d+ rows: [\d.]+ replaces it\n/);
    expect(stdout).toContain("1 rows without a target are left out\n");
    expect(stdout).toMatch(/\nvalidation: loss [\d.]+, r2 -?[\d.]+, rmse [\d.]+, mae [\d.]+ of 24 rows\n/);
    expect(stderr).toMatch(
      /^epoch 1\/12 {2}loss \S+ {2}validation loss \S+ {2}R² \S+\nepoch 10\/12 .+\nepoch 12\/12 .+\n$/,
    );
  });

  it("writes a report that needs no other file", async () => {
    const page = read("short.html").toString();
    expect(page).toMatch(/^<!doctype html>/);
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).toContain("actual \\ predicted");
    expect(page).toContain("<td>petal width (cm)</td>");
    expect(page).not.toMatch(/<script|src=|href=|https?:/);
  });

  it("draws residuals in the report of a regression, and escapes names", async () => {
    write("names.csv", FLATS.replace("area", "<b>area"));
    await succeed("train", "names.csv", "--target", "price", "--epochs", "2", "--out", "names.safetensors");
    const page = read("names.html").toString();
    expect(page.match(/<circle/g)).toHaveLength(24);
    expect(page).not.toContain("<b>");
  });

  it("takes all settings, and a target that is text", async () => {
    const settings =
      "--task classification --hidden 8,4 --activation tanh --dropout 0.1 --optimizer adamW --learning-rate 0.01";
    const others =
      "--batch-size 16 --epochs 3 --patience 2 --balanced --validation 0.25 --seed 7 --dtype float64 --threads 2";
    const rest = ["--categories", "age", "--ignore", "continent,price", "--out", "all.safetensors"];
    await succeed("train", "flats.csv", "--target", "city", ...`${settings} ${others}`.split(" "), ...rest);
    const { network, classes, preprocessor } = await loadTableModel(read("all.safetensors"));
    expect(classes).toEqual(["Bern", "Oslo, N", "Rome"]);
    expect(network.layers.map((layer) => ("units" in layer ? layer.units : layer.kind))).toEqual([
      "embedding",
      8,
      "dropout",
      4,
      "dropout",
      3,
    ]);
    expect(network).toMatchObject({ dtype: "float64", optimizer: { learningRate: 0.01 } });
    expect(preprocessor.features.map(({ name, type }) => [name, type])).toEqual([
      ["area", "number"],
      ["age", "category"],
    ]);
  });

  it("reads standard input, and gives the bits of the file", async () => {
    const args = ["--target", "class", "--epochs", "20", "--json", "--out", "input.safetensors"];
    const { status, stdout } = await run(["train", "-", ...args], { input: IRIS });
    const { parametersHash } = await json("inspect", "short.safetensors");
    expect([status, JSON.parse(stdout.trim().split("\n").at(-1)!).parametersHash]).toEqual([
      0,
      parametersHash,
    ]);
  });

  it("trains to the end, and saves the model, if the program that reads its output ends", async () => {
    const args = [
      "train",
      IRIS,
      "--target",
      "class",
      "--epochs",
      "50",
      "--json",
      "--out",
      "pipe.safetensors",
    ];
    const { status, stderr } = await run(args, { closes: true });
    expect([status, stderr]).toEqual([0, ""]);
    expect((await loadTableModel(read("pipe.safetensors"))).network.history?.loss).toHaveLength(50);
  });

  it("finishes a training with --resume, with the bits of an uninterrupted one", async () => {
    const args = ["train", IRIS, "--target", "class", "--out"];
    const whole = await json(...args, "whole.safetensors", "--epochs", "30");
    await succeed(...args, "parts.safetensors", "--epochs", "7");
    await succeed(...args, "parts.safetensors", "--epochs", "19", "--resume");
    const last = ["--out", "parts.safetensors", "--epochs", "30", "--resume", "--threads", "2", "--json"];
    const lines = (await succeed("train", IRIS, ...last))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([lines[0].epoch, lines.length]).toEqual([20, 12]);
    const parts = lines.at(-1);
    expect(parts.parametersHash).toBe(whole.parametersHash);
    expect(parts.validation).toEqual(whole.validation);
    expect(await succeed("verify", "parts.safetensors", IRIS)).toMatch(
      /^identical: 30 epochs \(1 to 7, 8 to 19, 20 to 30\)/,
    );
  });

  it("resumes only with the same data and settings, and a model", async () => {
    const resume = ["--resume", "--out", "short.safetensors"];
    expect(await fail("train", "flats.csv", ...resume)).toContain("The data are others");
    expect(await fail("train", IRIS, ...resume, "--seed", "3")).toContain(
      "seed is 3, but short.safetensors was trained with the default",
    );
    expect(await fail("train", IRIS, "--resume", "--out", "none.safetensors")).toContain(
      "There is no none.safetensors",
    );
  });

  it("saves the model on Ctrl-C, says so, and can be resumed", async () => {
    const args = [
      "train",
      IRIS,
      "--target",
      "class",
      "--epochs",
      "1000000",
      "--patience",
      "1000000",
      "--out",
      "stopped.safetensors",
    ];
    let isSent = false;
    const { status, stderr } = await run(args, {
      onError(text, child) {
        if (!isSent && text.includes("epoch 20/")) isSent = child.kill("SIGINT");
      },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /Interrupted: stopped\.safetensors has the best of \d+ epochs\. Continue with --resume\.\n$/,
    );
    const { network } = await loadTableModel(read("stopped.safetensors"));
    const { length } = network.history!.loss;
    expect(stderr).toContain(`of ${length} epochs`);
    const more = await json(
      "train",
      IRIS,
      "--out",
      "stopped.safetensors",
      "--resume",
      "--epochs",
      `${length + 5}`,
    );
    expect(more).toMatchObject({ epochs: length + 5, stopped: "epochs" });
    expect(await succeed("verify", "stopped.safetensors", IRIS)).toContain(
      `(1 to ${length}, ${length + 1} to ${length + 5})`,
    );
  });

  it("leaves after kill -9 a model that can be verified and resumed", async () => {
    const out = ["--out", "killed.safetensors"];
    const limits = ["--epochs", "1000000", "--patience", "1000000"];
    const { status } = await run(["train", IRIS, "--target", "class", ...limits, ...out], {
      // The file is written when five seconds have passed.
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(FAST_CLOCK)}` },
      onError(_, child) {
        if (existsSync(join(folder, "killed.safetensors"))) child.kill("SIGKILL");
      },
    });
    expect(status).toBe(null);
    const { training, history } = await json("inspect", "killed.safetensors");
    const { length } = training.epochs;
    expect(history.stopped).toBe("interrupted");
    expect(await succeed("verify", "killed.safetensors", IRIS)).toMatch(/^identical/);
    await succeed("train", IRIS, "--resume", ...out, "--epochs", `${length + 5}`);
    expect(await succeed("verify", "killed.safetensors", IRIS)).toContain(`${length + 1} to ${length + 5}`);
  });

  it("quits at once on the second Ctrl-C, and leaves the model as it was", async () => {
    const before = write("quit.safetensors", read("short.safetensors"));
    const args = [
      "train",
      join(DATA, "digits.csv"),
      "--target",
      "class",
      "--hidden",
      "2048,2048",
      "--out",
      before,
    ];
    const { status } = await run([...args, "--epochs", "1000"], {
      onError(text, child) {
        if (text.includes("Press Ctrl-C again")) child.kill("SIGINT");
        else if (text.includes("epoch 1/")) child.kill("SIGINT");
      },
    });
    expect(status).toBe(130);
    expect(read(before)).toEqual(read("short.safetensors"));
  });
});

describe("predict, evaluate, inspect, export and cv", () => {
  beforeAll(async () => {
    write("flats.csv", FLATS);
    await succeed("train", "flats.csv", "--target", "city", "--epochs", "5", "--out", "city.safetensors");
    await succeed("train", "flats.csv", "--target", "price", "--epochs", "5", "--out", "price.safetensors");
  });

  it("predicts classes with their probabilities, as CSV", async () => {
    const rows = (await succeed("predict", "city.safetensors", "flats.csv")).trimEnd().split("\n");
    expect(rows).toHaveLength(121);
    expect(rows[0]).toBe("city,probability");
    const model = await loadTableModel(read("city.safetensors"));
    const table = await readTable(await succeed("predict", "city.safetensors", "flats.csv"));
    const predictions = model.predict(await readTable(FLATS)) as { class: string; probability: number }[];
    expect(table.column("city").values).toEqual(predictions.map((prediction) => prediction.class));
    expect([...table.column("probability").values]).toEqual(
      predictions.map(({ probability }) => probability),
    );
  });

  it("predicts numbers to a file, without the target in the data", async () => {
    write("new.csv", "city,age,area\nRome,3,70\nParis,,20\n");
    expect(await succeed("predict", "price.safetensors", "new.csv", "--out", "prices.csv")).toBe("");
    expect(read("prices.csv").toString()).toMatch(/^price\n-?[\d.]+\n-?[\d.]+\n$/);
  });

  it("ends without an error if the program that reads the predictions ends", async () => {
    const lines = FLATS.split("\n");
    write("many.csv", `${lines[0]}\n${`${lines.slice(1, 100).join("\n")}\n`.repeat(300)}`);
    const { status, stdout, stderr } = await run(["predict", "city.safetensors", "many.csv"], {
      closes: true,
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").length).toBeLessThan(29_000);
  });

  it("predicts more rows than fit into memory, from a pipe to a file", async () => {
    const [head, ...lines] = FLATS.trimEnd().split("\n");
    const rows = 240_000;
    write("large.csv", `${head}\n${`${lines.join("\n")}\n`.repeat(rows / lines.length)}`);
    const { status, stderr } = await run(["predict", "city.safetensors", "-", "--out", "large.out.csv"], {
      input: join(folder, "large.csv"),
      env: { NODE_OPTIONS: "--max-old-space-size=32" },
    });
    expect([status, stderr]).toEqual([0, `${rows} predictions: large.out.csv\n`]);
    const predictions = read("large.out.csv").toString().trimEnd().split("\n");
    expect(predictions).toHaveLength(rows + 1);
    const few = (await succeed("predict", "city.safetensors", "flats.csv")).trimEnd().split("\n");
    expect(predictions.slice(-lines.length)).toEqual(few.slice(1));
  });

  it("stops reading when the program that reads the predictions ends, although the data do not", async () => {
    const [head, ...lines] = FLATS.trimEnd().split("\n");
    const endless = Readable.from(
      (function* () {
        yield `${head}\n`;
        for (;;) yield `${lines.join("\n")}\n`;
      })(),
    );
    const result = await run(["predict", "city.safetensors", "-"], { input: endless, closes: true });
    expect([result.status, result.stderr]).toEqual([0, ""]);
  });

  it("leaves the file of earlier predictions if a later row is wrong", async () => {
    const lines = FLATS.trimEnd().split("\n");
    write("wrong.csv", `${lines.join("\n")}\n${`${lines[1]}\n`.repeat(30_000)}1;2\n`);
    write("kept.csv", "mine");
    expect(await fail("predict", "city.safetensors", "wrong.csv", "--out", "kept.csv")).toContain(
      "wrong.csv: Line 30122 has 2 cells; expected 5",
    );
    expect(read("kept.csv").toString()).toBe("mine");
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(await fail("predict", "city.safetensors", "flats.csv", "--out", ".")).toContain("is not a file");
  });

  it("trains on a Parquet file, and predicts and evaluates one", async () => {
    const parquet = fileURLToPath(new URL("reference/zstd.parquet", import.meta.url));
    const args = ["--target", "int32", "--task", "regression", "--validation", "0", "--epochs", "2"];
    await succeed("train", parquet, ...args, "--categories", "text", "--out", "parquet.safetensors");
    const lines = (await succeed("predict", "parquet.safetensors", parquet)).trimEnd().split("\n");
    expect([lines[0], lines.length]).toEqual(["int32", 6]);
    expect(await json("evaluate", "parquet.safetensors", parquet)).toMatchObject({ task: "regression" });
    write("none.parquet", "PAR1");
    expect(await fail("predict", "parquet.safetensors", "none.parquet")).toContain(
      "none.parquet: source is not a Parquet file",
    );
  });

  it("evaluates, as JSON and as text", async () => {
    const evaluation = await json("evaluate", "city.safetensors", "flats.csv");
    expect(evaluation).toMatchObject({
      task: "classification",
      rows: 120,
      accuracy: expect.any(Number),
      classes: ["Bern", "Oslo, N", "Rome"],
    });
    expect(evaluation.confusionMatrix.flat().reduce((a: number, b: number) => a + b)).toBe(120);
    expect(await json("evaluate", "price.safetensors", "flats.csv")).toMatchObject({
      r2: expect.any(Number),
      mae: expect.any(Number),
    });
    expect(await succeed("evaluate", "city.safetensors", "flats.csv")).toContain(
      "actual \\ predicted  Bern  Oslo, N  Rome\n",
    );
  });

  it("inspects columns, layers, training and hashes", async () => {
    const text = await succeed("inspect", "city.safetensors");
    expect(text).toMatch(/^classification of city: Bern, Oslo, N, Rome\n/);
    for (const part of [
      "  age: number, ",
      "continent: not used (constant)",
      "dense 2  softmax",
      "5 epochs",
      '{"target":"city","epochs":5}',
    ]) {
      expect(text).toContain(part);
    }
    const { training, parametersHash, layers } = await json("inspect", "city.safetensors");
    expect(training.epochs).toHaveLength(5);
    expect(parametersHash).toMatch(/^[0-9a-f]{64}$/);
    expect(layers).toHaveLength(3);
  });

  it("exports a function in JavaScript that takes rows of the table", async () => {
    const output = await succeed("export", "price.safetensors", "--to", "js", "--out", "price.mjs");
    expect(output).toBe('price.mjs predicts "price" from the columns "area", "age", "city".\n');
    const model = await loadTableModel(read("price.safetensors"));
    const { predict } = await import(pathToFileURL(join(folder, "price.mjs")).href);
    for (const row of [
      { area: 50, age: 10, city: "Rome" },
      { area: 50, age: null, city: "Paris" },
    ]) {
      expect(predict(row)).toBeCloseTo(model.predict(row) as number, 4);
    }
  });

  it("exports ONNX and C that take rows of the table, and NumPy arrays", async () => {
    for (const to of ["onnx", "c", "npz"])
      await succeed("export", "city.safetensors", "--to", to, "--out", `city.${to}`);
    expect(Object.keys(readNpz(read("city.npz")))).toContain("layer0.kernel");
    expect(read("city.c").toString()).toContain(
      "const char *predict(const predict_row *row, float *outputs)",
    );
    for (const part of ["Softmax", "price", "IsNaN", "Oslo, N"])
      expect(read("city.onnx").includes(part)).toBe(true);
  });

  it("exports the network alone, whose inputs the output and a comment describe", async () => {
    const args = ["--without-preprocessing", "--to"];
    const output = await succeed("export", "price.safetensors", ...args, "js", "--out", "network.mjs");
    expect(output).toMatch(
      /^network\.mjs has the network without the preprocessing\.\nIts \d+ inputs are, in this order:\n/,
    );
    const model = await loadTableModel(read("price.safetensors"));
    const row = { area: 50, age: 10, city: "Rome" };
    const inputs = [...model.preprocessor.transform([row]).data];
    const { predict } = await import(pathToFileURL(join(folder, "network.mjs")).href);
    const [, scale, center] = /"price" is output \* (\S+) \+ (\S+)\.\n/.exec(read("network.mjs").toString())!;
    expect(predict(inputs)[0] * Number(scale) + Number(center)).toBeCloseTo(model.predict(row) as number, 4);
    expect(output).toContain(`"age" is missing, else 0`);
    expect(output).toContain(`1 if "city" is "Rome", else 0`);
    await succeed("export", "city.safetensors", ...args, "c", "--out", "network.h");
    expect(read("network.h").toString()).toContain(
      'Its outputs are the probabilities that "city" is "Bern", "Oslo, N", "Rome".',
    );
    await succeed("export", "city.safetensors", ...args, "onnx", "--out", "network.onnx");
    expect(read("network.onnx").includes("IsNaN")).toBe(false);
  });

  it("exports a comment that no category ends, also with other line breaks", async () => {
    const category = "a\u2028throw 1; //";
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 ? category : "b"},${i}\n`);
    write("breaks.csv", `x,y\n${rows.join("")}`);
    await succeed("train", "breaks.csv", "--target", "y", "--epochs", "1", "--out", "breaks.safetensors");
    for (const flags of [[], ["--without-preprocessing"]]) {
      const file = `breaks${flags.length}.mjs`;
      await succeed("export", "breaks.safetensors", "--to", "js", "--out", file, ...flags);
      const { predict } = await import(pathToFileURL(join(folder, file)).href);
      expect(predict).toBeInstanceOf(Function);
    }
  });

  it("cross-validates", async () => {
    const result = await json("cv", IRIS, "--target", "class", "--folds", "3", "--epochs", "20");
    expect(result).toMatchObject({ task: "classification", mean: { accuracy: expect.any(Number) } });
    expect(result.folds).toHaveLength(3);
    const accuracies = result.folds.map(({ accuracy }: { accuracy: number }) => accuracy);
    expect(result.mean.accuracy).toBeCloseTo((accuracies[0] + accuracies[1] + accuracies[2]) / 3, 12);
    expect(await succeed("cv", "flats.csv", "--target", "price", "--folds", "2", "--epochs", "2")).toMatch(
      /^fold 1\/2: loss .+, r2 .+\nfold 2\/2: /,
    );
  });
});

describe("the count of rows of predict", () => {
  const show = (terminal: { isTTY: boolean }, isShown?: boolean) => {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    onTestFinished(() => now.mockRestore());
    const progress = createRowProgress({ ...terminal, write } as unknown as NodeJS.WriteStream, isShown);
    for (const [time, rows] of [
      [900, 10_000],
      [1100, 20_000],
      [1900, 30_000],
      [2200, 40_000],
    ] as const) {
      now.mockReturnValue(time);
      progress.show(rows);
    }
    progress.end();
    return written;
  };

  it("is one line of a terminal, once a second, and is removed at the end", () => {
    expect(show({ isTTY: true }, true)).toEqual(["\r20000 rows", "\r40000 rows", "\r          \r"]);
  });

  it("is not written without a terminal", () => {
    expect(show({ isTTY: false })).toEqual([]);
  });
});

describe("verify", () => {
  const args = ["train", IRIS, "--target", "class", "--epochs", "12"];

  beforeAll(async () => {
    await succeed(...args, "--out", "verified.safetensors");
  });

  async function forge(name: string, change: (record: ForgedRecord) => void) {
    const model = await loadTableModel(read("verified.safetensors"));
    const { training = "" } = model.network.metadata;
    const record = JSON.parse(training);
    change(record);
    return write(name, model.save({ metadata: { training: JSON.stringify(record) } }));
  }

  it("finds a model identical, with any number of threads", async () => {
    expect(await succeed("verify", "verified.safetensors", IRIS)).toMatch(
      /^identical: 12 epochs \(1 to 12\)/,
    );
    await succeed("verify", "verified.safetensors", IRIS, "--threads", "3");
  });

  it("names the first epoch that differs", async () => {
    const file = await forge("forged.safetensors", ({ epochs }) => {
      epochs[6] = epochs[7]!;
    });
    expect(await fail("verify", file, IRIS)).toContain("different: epoch 7 of 12 is the first that differs");
  });

  it("finds final parameters that no epoch had", async () => {
    const model = await loadTableModel(read("verified.safetensors"));
    const kernel = Object.values(model.network.parameters[0]!)[0] as { data: Float32Array };
    kernel.data[0]! += 1;
    write("changed.safetensors", model.save());
    expect(await fail("verify", "changed.safetensors", IRIS)).toContain(
      "but the model is not: 0.weight differs",
    );
  });

  it("refuses other data", async () => {
    write("other.csv", readFileSync(IRIS, "utf8").replace("5.1,3.5", "5.1,3.6"));
    expect(await fail("verify", "verified.safetensors", "other.csv")).toContain(
      "different: other.csv has other values",
    );
  });

  it("compares values, not bytes: the same numbers in another notation are the same data", async () => {
    write(
      "notation.csv",
      readFileSync(IRIS, "utf8").replace("5.1,3.5", " 5.10 ,35e-1").replaceAll("\n", "\r\n"),
    );
    expect(await succeed("verify", "verified.safetensors", "notation.csv")).toMatch(/^identical/);
  });

  it("refuses relaxed numerics, versions with other bits, and models without a record", async () => {
    const relaxed = await forge("relaxed.safetensors", ({ settings }) => {
      settings.numerics = "relaxed";
    });
    expect(await fail("verify", relaxed, IRIS)).toContain("relaxed numerics");
    const unrecorded = await trainTable(
      [
        { x: 1, y: 2 },
        { x: 2, y: 3 },
        { x: 4, y: 1 },
      ],
      { target: "y", epochs: 1 },
    );
    write("unrecorded.safetensors", unrecorded.save());
    expect(await fail("verify", "unrecorded.safetensors", IRIS)).toContain("no record of its training");
    const file = await forge("later.safetensors", ({ segments }) => {
      segments[0]!.library = "7.1.2";
    });
    expect(await fail("verify", file, IRIS)).toContain("Use npx backprop-wasm@7.1.2.");
  });
});

describe("an error is one line that says what to do:", () => {
  beforeAll(async () => {
    await succeed("train", IRIS, "--target", "class", "--epochs", "2", "--out", "small.safetensors");
  });

  it("a CSV file with a row of another length", async () => {
    write("bad.csv", "a,b\n1,2\n3\n");
    expect(await fail("train", "bad.csv", "--target", "b")).toContain(
      "bad.csv: Line 3 has 1 cell; expected 2",
    );
  });

  it("a text after many numbers, with the option that helps", async () => {
    write("late.csv", `x,y\n${"1,2\n".repeat(10_000)}a,3\n`);
    expect(await fail("train", "late.csv", "--target", "y")).toContain(
      '--categories "x" reads the column as texts.',
    );
  });

  it.each([
    ["data", ["train", "none.csv", "--target", "y"], "The file none.csv cannot be read (ENOENT)"],
    ["a model", ["predict", "none.safetensors", IRIS], "The model none.safetensors cannot be read (ENOENT)"],
    [
      "a target",
      ["train", IRIS, "--target", "species"],
      'target is "species"; expected a column: "sepal length (cm)"',
    ],
    [
      "a folder",
      ["train", IRIS, "--target", "class", "--epochs", "1", "--out", "none/model.safetensors"],
      "none/model.safetensors",
    ],
  ])("%s that does not exist", async (_, args, message) => {
    expect(await fail(...args)).toContain(message);
  });

  it("a column that --categories or --ignore names, and that does not exist", async () => {
    const args = ["train", IRIS, "--target", "class", "--out", "columns.safetensors"];
    expect(await fail(...args, "--categories", "x")).toContain(
      'a name in --categories is "x"; expected a column: ',
    );
    expect(await fail(...args, "--ignore", "x")).toContain('a name in --ignore is "x"; expected a column: ');
  });

  it("a folder instead of a file to write, before the training", async () => {
    expect(await fail("train", IRIS, "--target", "class", "--out", ".")).toContain(
      " is not a file, so it is not replaced. Give the path of a file.",
    );
  });

  it("data without a column that the model needs", async () => {
    write("few.csv", "sepal length (cm)\n5\n");
    expect(await fail("predict", "small.safetensors", "few.csv")).toContain('"sepal width (cm)"');
  });

  it("a model that was altered, cut off, or is none", async () => {
    const bytes = read("small.safetensors");
    bytes[bytes.length - 100]! ^= 1;
    write("altered.safetensors", bytes);
    write("cut.safetensors", bytes.subarray(0, 2000));
    for (const file of ["altered.safetensors", "cut.safetensors", IRIS]) {
      expect(await fail("evaluate", file, IRIS)).toContain(`${file}: `);
    }
    expect(await fail("inspect", "altered.safetensors")).toContain("was altered");
  });

  it("a training that diverges: the model has the best epoch before", async () => {
    const args = [
      "train",
      join(DATA, "diabetes.csv"),
      "--target",
      "progression",
      "--out",
      "diverged.safetensors",
    ];
    const { status, stderr } = await run([...args, "--optimizer", "sgd", "--learning-rate", "0.7"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /\nbackprop-wasm: The loss became .+ as far as it was trained is in diverged\.safetensors\.\n$/,
    );
    const { stopped } = (await json("inspect", "diverged.safetensors")).training.segments[0];
    expect(stopped).toBe("diverged");
    const { loss } = await json("evaluate", "diverged.safetensors", join(DATA, "diabetes.csv"));
    expect(loss).toEqual(expect.any(Number));
  });
});

describe("wrong usage", () => {
  it.each([
    ["no command", []],
    ["an unknown command", ["teach"]],
    ["no data", ["train"]],
    ["no target", ["train", IRIS]],
    ["an unknown option", ["train", IRIS, "--target", "class", "--epoch", "3"]],
    ["a number that is none", ["train", IRIS, "--target", "class", "--epochs", "many"]],
    ["a share above 1", ["train", IRIS, "--target", "class", "--validation", "20"]],
    ["units that are none", ["train", IRIS, "--target", "class", "--hidden", "64;32"]],
    ["an unknown optimizer", ["train", IRIS, "--target", "class", "--optimizer", "adma"]],
    ["an unknown format", ["export", "small.safetensors", "--to", "pdf", "--out", "x"]],
    ["too many arguments", ["inspect", "a", "b"]],
  ])("has exit status 2: %s", async (_, args) => {
    const before = readdirSync(folder);
    const { status, stdout, stderr } = await run(args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/Usage|--help/);
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each(["train", "predict", "evaluate", "inspect", "export", "cv", "verify"])(
    "%s --help has examples",
    async (command) => {
      const text = await succeed(command, "--help");
      expect(text).toContain(`Usage: backprop-wasm ${command} `);
      expect(text).toContain(`\nExamples:\n  npx backprop-wasm ${command} `);
    },
  );

  it("--version prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(await succeed("--version")).toBe(`${version}\n`);
  });
});

describe("docs/commandLine.md", () => {
  const page = "docs/commandLine.md";

  it.each(["train", "cv"])("lists the options of %s", async (command) => {
    const options = [...(await succeed(command, "--help")).matchAll(/^ {2}(--[a-z-]+)/gm)].map(
      ([, option]) => option,
    );
    expect(options.length).toBeGreaterThan(15);
    for (const option of options) expect(readPage(page)).toContain(`${option}`);
  });
});
