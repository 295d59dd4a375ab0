// TypeScript programs that import the installed package.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Application, installApplication } from "./support/application.js";

const run = promisify(execFile);
const COMPILER = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

const NETWORK = '{ inputs: 2, layers: [dense(1)], loss: "huber" }';

const PROGRAMS = {
  "module.mts": `
    import { BackpropError, createNetwork, dense, type History, type Network } from "backprop-wasm";
    const network: Network = await createNetwork(${NETWORK});
    const { loss }: History = network.fitSync([[0, 1]], [1]);
    console.log(loss.length, new BackpropError("busy", "") instanceof Error);`,
  "worker.mts": `
    import { type BackpropError, dense, type DenseParameters, type Matrix } from "backprop-wasm";
    import { networkInWorker, type DatasetInWorker, type NetworkInWorker } from "backprop-wasm/worker";
    const network = await networkInWorker(${NETWORK});
    const assigned: NetworkInWorker = network;
    const { loss, accuracy, validationAccuracy } = await network.fit([[0, 1]], [1], {
      metrics: ["accuracy"],
      validationData: [[[0, 1]], [1]],
      onEpoch: ({ accuracy }: { accuracy: number }) => accuracy < 2,
    });
    const [{ kernel }]: readonly DenseParameters[] = await network.parameters();
    const { mae }: { mae: number } = await network.evaluate([[0, 1]], [1], { metrics: ["mae"] });
    const outputs: Matrix = await network.predict([[0, 1]]);
    const dataset: DatasetInWorker = await network.createDataset([[0, 1]], [1]);
    await network.fit(dataset);
    const error: BackpropError = await network.fit(dataset, { epochs: 0 }).catch((error) => error);
    if (error.code !== "invalidOption" || !(mae >= 0) || accuracy.length !== validationAccuracy.length) throw error;
    console.log(loss.length, outputs.shape[0] === 1 && kernel.shape[0] === 2);
    assigned.dispose();`,
  "table.mts": `
    import { readCsv, readTable, trainTable, type ClassPrediction, type TrainedModel } from "backprop-wasm/table";
    const table = await readTable("x;y\\n1;a\\n2;b\\n3;a\\n4;b\\n");
    const model: TrainedModel<"classification"> = await trainTable(table, {
      target: "y",
      task: "classification",
      epochs: 1,
      onEpoch: ({ accuracy = 0 }) => accuracy < 2,
    });
    const { class: name, probabilities }: ClassPrediction = model.predict({ x: 1 });
    const many: ClassPrediction[] = model.predict([{ x: 1 }, { x: null }]);
    const numbers: number[] = (await trainTable({ a: [1, 2, 3], b: [0.1, 0.2, 0.4] }, { target: "b", task: "regression", epochs: 1 })).predict({ a: [1] });
    for await (const { names, rows } of readCsv("a\\n1")) if (names.length !== rows.length) throw names;
    console.log(many.length + numbers.length - 2, typeof name === "string" && "a" in probabilities);`,
  "table.cts": `
    import { createTable, type Column } from "backprop-wasm/table";
    import { BackpropError } from "backprop-wasm";
    const [column]: readonly Column[] = createTable([{ a: 1 }]).columns;
    try {
      createTable([]);
    } catch (error) {
      console.log(column!.values.length, error instanceof BackpropError);
    }`,
  "datasets.mts": `
    import { createNetwork, dense, hashParameters } from "backprop-wasm";
    import { type DatasetOptions, type GeneratedRows, spiral } from "backprop-wasm/datasets";
    const options: DatasetOptions = { rows: 100, noise: 0.1, seed: 3 };
    const { inputs, targets }: GeneratedRows = spiral(options);
    const network = await createNetwork(${NETWORK});
    const { loss } = await network.fit(inputs, targets);
    const hash: string = hashParameters(network);
    console.log(loss.length, hash.length === 64);`,
  "datasets.cts": `
    import { BackpropError } from "backprop-wasm";
    import { moons } from "backprop-wasm/datasets";
    try {
      moons({ rows: 0 });
    } catch (error) {
      console.log(moons({ rows: 1 }).targets.data.length, error instanceof BackpropError);
    }`,
  "worker.cts": `
    import { BackpropError, dense } from "backprop-wasm";
    import { networkInWorker } from "backprop-wasm/worker";
    async function train(): Promise<void> {
      const network = await networkInWorker(${NETWORK});
      const { loss } = await network.fit([[0, 1]], [1]);
      const error: unknown = await network.predict([[0]]).catch((error) => error);
      console.log(loss.length, error instanceof BackpropError);
    }
    train();`,
  "node.mts": `
    import { createNetwork, dense, type Network, type Layer } from "backprop-wasm";
    import { fileCheckpoint, loadCheckpoint, loadFile, saveFile, type CheckpointOptions } from "backprop-wasm/node";
    const network: Network = await createNetwork(${NETWORK});
    const options: CheckpointOptions = { keep: 2 };
    const { loss } = await network.fit([[0, 1]], [1], { checkpoint: fileCheckpoint("node.safetensors", options) });
    await saveFile(network, new URL("saved.safetensors", import.meta.url));
    const loaded: Network<readonly Layer[]> = await loadCheckpoint("node.safetensors");
    console.log(loss.length, (await loadFile("saved.safetensors")).epoch === loaded.epoch);`,
  "node.cts": `
    import { BackpropError } from "backprop-wasm";
    import { loadFile } from "backprop-wasm/node";
    loadFile("missing").catch((error: unknown) => console.log(1, error instanceof BackpropError));`,
  "browser.mts": `
    import { BackpropError, createNetwork, dense } from "backprop-wasm";
    import { downloadFile, loadFromOpfs, loadOpfsCheckpoint, opfsCheckpoint, saveToOpfs } from "backprop-wasm/browser";
    const network = await createNetwork(${NETWORK});
    const { loss } = await network.fit([[0, 1]], [1]);
    export const program = () => [downloadFile(network, "a"), opfsCheckpoint("a"), loadOpfsCheckpoint("a"), loadFromOpfs("a")];
    const error: unknown = await saveToOpfs(network, "a").catch((error) => error);
    console.log(loss.length, error instanceof BackpropError && error.code === "unsupported");`,
  "formats.mts": `
    import { BackpropError, createNetwork, dense, type Layer, type Network } from "backprop-wasm";
    import { type Exportable, fromOnnx, type NpyArray, readNpy, readNpz, toC, toJavaScript, toOnnx, writeNpy, writeNpz } from "backprop-wasm/formats";
    import { trainTable } from "backprop-wasm/table";
    const network = await createNetwork(${NETWORK});
    const copy: Network<readonly Layer[]> = await fromOnnx(toOnnx(network), { loss: "huber", seed: 3 });
    const kernel: NpyArray = readNpy(writeNpy(network.parameters[0].kernel));
    const { again }: Record<string, NpyArray> = readNpz(writeNpz({ again: kernel }, { compress: true }));
    network.setParameters([{ kernel, bias: again ? [0] : null }]);
    const model: Exportable<readonly Layer[]> = await trainTable({ x: [1, 2, 3], y: [1, 4, 2] }, { target: "y", task: "regression", epochs: 1 });
    const sources: string[] = [toC(network, { name: "predict" }), toJavaScript(model, { module: false })];
    console.log(copy.layers.length, sources.length === 2 && new BackpropError("busy", "") instanceof Error);`,
  "formats.cts": `
    import { BackpropError } from "backprop-wasm";
    import { readNpy } from "backprop-wasm/formats";
    try {
      readNpy(new Uint8Array(0));
    } catch (error) {
      console.log(1, error instanceof BackpropError);
    }`,
  "common.cts": `
    import { BackpropError, createNetwork, dense, type History, type Network } from "backprop-wasm";
    async function train(): Promise<void> {
      const network: Network = await createNetwork(${NETWORK});
      const { loss }: History = network.fitSync([[0, 1]], [1]);
      console.log(loss.length, new BackpropError("busy", "") instanceof Error);
    }
    train();`,
  "require.cts": `
    import library = require("backprop-wasm");
    const layer: library.DenseLayer = library.dense(1);
    console.log(layer.units, new library.BackpropError("busy", "") instanceof Error);`,
  "cores.mts": `
    import { loadCore } from "backprop-wasm";
    import core from "backprop-wasm/core.wasm";
    import relaxed from "backprop-wasm/core.relaxed.wasm";
    import threads from "backprop-wasm/core.threads.wasm";
    import relaxedThreads from "backprop-wasm/core.relaxed.threads.wasm";
    export const loads = [
      loadCore(core),
      loadCore(relaxed, { numerics: "relaxed" }),
      loadCore(threads, { threads: true }),
      loadCore(relaxedThreads, { numerics: "relaxed", threads: true }),
    ];`,
  "mistake.cts": `
    import { dense } from "backprop-wasm";
    export const layer = dense("two");`,
  "mistake.mts": `
    import core from "backprop-wasm/core.wasm";
    export const path: string = core;`,
};

let application: Application;

beforeAll(async () => {
  application = await installApplication();
  const { directory } = application;
  await Promise.all(Object.entries(PROGRAMS).map(([file, text]) => writeFile(join(directory, file), text)));
});

afterAll(() => application.remove());

/** The compiler's errors, including those in the package's declarations. It emits JavaScript despite them. */
async function compile(module: string): Promise<string[]> {
  const flags = [
    "--strict",
    "--target",
    "es2023",
    "--lib",
    "es2023,dom,esnext.disposable",
    "--module",
    module,
  ];
  const compiled = run(process.execPath, [COMPILER, ...flags, ...Object.keys(PROGRAMS)], {
    cwd: application.directory,
  });
  const output = await compiled.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
  return output.trimEnd().split("\n");
}

describe("the types", () => {
  it.each(["node16", "node18", "nodenext"])(
    "compile in programs of ES modules and of CommonJS: %s",
    async (module) => {
      expect((await compile(module)).sort()).toEqual([
        expect.stringMatching(/^mistake\.cts.+'string' is not assignable to parameter of type 'number'\.$/),
        expect.stringMatching(/^mistake\.mts.+Type 'object' is not assignable to type 'string'\.$/),
      ]);
    },
  );
});

describe("a compiled program", () => {
  const isRequireSupported = "require_module" in process.features && process.features.require_module === true;

  beforeAll(() => compile("nodenext"));

  it.each([
    "module.mjs",
    "worker.mjs",
    "table.mjs",
    "datasets.mjs",
    "formats.mjs",
    "node.mjs",
    "browser.mjs",
    ...(isRequireSupported
      ? ["common.cjs", "datasets.cjs", "formats.cjs", "node.cjs", "require.cjs", "worker.cjs", "table.cjs"]
      : []),
  ])("runs: %s", async (program) => {
    const { stdout } = await run(process.execPath, [program], { cwd: application.directory });
    expect(stdout).toBe("1 true\n");
  });
});
