// Exchanges files with onnxruntime, NumPy and scikit-learn. `npm run test:tools` installs them. Skipped without them.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpy, readNpz, toOnnx, writeNpy, writeNpz } from "../src/formats.js";
import { createNetwork, type DType, dense, type ShapedData } from "../src/index.js";
import type { Prediction } from "../src/table.js";
import { DTYPES, floats, spread } from "./support/floats.js";
import { classOf, numbersOf, rowsOfCase, TABLES, trainCase } from "./support/tableModels.js";
import { createTrained, errorOfOutputs, INPUTS, LAYERS, rowsFor } from "./support/trainedNetworks.js";
import { missingModules } from "./tools/python.js";

const SCRIPT = fileURLToPath(new URL("tools/formats.py", import.meta.url));
const { PYTHON = "python3" } = process.env;
const isInstalled = missingModules(PYTHON, readFileSync(SCRIPT, "utf8")).length === 0;

/** The largest difference from `predict`, relative to the largest output. */
const TOLERANCE: Readonly<Record<DType, number>> = { float32: 1e-5, float64: 1e-12 };

/** onnxruntime has no Erf for float64, which gelu needs. */
const WITHOUT_KERNELS: Readonly<Record<DType, readonly string[]>> = {
  float32: [],
  float64: ["gelu", "layers of all kinds"],
};

const ARRAYS: Readonly<Record<string, ShapedData>> = {
  float32: { data: Float32Array.from(spread(24)), shape: [2, 3, 4] },
  float64: { data: Float64Array.from(spread(6)), shape: [2, 3] },
  int8: { data: Int8Array.of(-128, 0, 127), shape: [3] },
  uint8: { data: Uint8Array.of(1, 255), shape: [1, 2] },
  int16: { data: Int16Array.of(-300, 300), shape: [2, 1] },
  uint16: { data: Uint16Array.of(65535), shape: [] },
  int32: { data: Int32Array.of(-70000, 1), shape: [2] },
  uint32: { data: Uint32Array.of(4e9, 1), shape: [2] },
  empty: { data: new Float32Array(0), shape: [0, 3] },
};

const IRIS = { inputs: 4, layers: [dense(5, "tanh"), dense(4, "tanh"), dense(3, "softmax")] } as const;
const LOSS = "sparseCategoricalCrossentropy";

/** The outputs of a graph for each evaluator. A column has the name "class" in some tables. */
type Answers = Readonly<
  Record<
    "reference" | "onnxruntime",
    {
      readonly probabilities?: number[][];
      readonly value?: number[];
      readonly class?: (string | number)[];
      readonly class_?: (string | number)[];
    }
  >
>;

/** Writes a model as ONNX, and the cells of its rows by column, as a program that reads a table has them. */
async function writeTable(path: string, name: string, dtype: DType): Promise<void> {
  const model = await trainCase(name, dtype);
  const rows = rowsOfCase(name);
  const columns = model.preprocessor.features.map(({ name, type }) => {
    const cells = rows.map((row) => row[name] ?? null);
    return [name, type === "number" ? cells : cells.map((cell) => (cell === null ? null : String(cell)))];
  });
  writeFileSync(`${path}.table`, toOnnx(model));
  writeFileSync(`${path}.cells.json`, JSON.stringify(Object.fromEntries(columns)));
  model.network.dispose();
}

describe.skipIf(!isInstalled)("files for Python", () => {
  let folder: string;
  const pathOf = (name: string) => join(folder, name);
  const bytesOf = (name: string) => readFileSync(pathOf(name));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "formats-"));
    for (const dtype of DTYPES) {
      for (const [i, name] of Object.keys(LAYERS).entries()) {
        const network = await createTrained(name, dtype);
        const inputs = floats(dtype, rowsFor(name).flat());
        writeFileSync(pathOf(`${dtype}-${i}.onnx`), toOnnx(network));
        writeFileSync(
          pathOf(`${dtype}-${i}.inputs.npy`),
          writeNpy({ data: inputs, shape: [inputs.length / INPUTS, INPUTS] }),
        );
        writeFileSync(pathOf(`${dtype}-${i}.expected.npy`), writeNpy(network.predict(rowsFor(name))));
        network.dispose();
      }
    }
    for (const dtype of DTYPES) {
      for (const [i, name] of Object.keys(TABLES).entries())
        await writeTable(pathOf(`${dtype}-${i}`), name, dtype);
    }
    for (const [name, array] of Object.entries(ARRAYS)) {
      writeFileSync(pathOf(`${name}.array.npy`), writeNpy(array));
    }
    for (const compress of [false, true]) {
      const arrays = {
        a: { data: Float32Array.of(1.5, -2), shape: [1, 2] },
        größe: { data: Uint8Array.of(3, 4), shape: [2] },
      };
      writeFileSync(pathOf(`${compress}.archive.npz`), writeNpz(arrays, { compress }));
    }
    const network = await createNetwork({ ...IRIS, loss: LOSS, dtype: "float64", seed: 5 });
    // As in docs/formats.md.
    const arrays = network.parameters.flatMap(({ kernel, bias }) => [kernel, bias!]);
    writeFileSync(
      pathOf("network.npz"),
      writeNpz(Object.fromEntries(arrays.map((each, i) => [`arr_${i}`, each]))),
    );
    const { status, stderr } = spawnSync(PYTHON, ["-W", "ignore", SCRIPT, folder], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  describe.each(DTYPES)("an ONNX file of %s", (dtype) => {
    it.each([...Object.keys(LAYERS).entries()].map(([i, name]) => [name, i] as const))(
      "gives the outputs of predict in onnxruntime: %s",
      (name, i) => {
        const expected = readNpy(bytesOf(`${dtype}-${i}.expected.npy`));
        const outputs = readNpz(bytesOf(`${dtype}-${i}.outputs.npz`));
        const runtimes = WITHOUT_KERNELS[dtype].includes(name) ? ["reference"] : ["reference", "onnxruntime"];
        expect(Object.keys(outputs)).toEqual(runtimes);
        for (const runtime of runtimes) {
          const { data, shape } = outputs[runtime]!;
          expect(shape).toEqual(expected.shape);
          expect(data.constructor).toBe(expected.data.constructor);
          // The evaluator rounds constants of some operators to float32.
          const tolerance = runtime === "reference" ? TOLERANCE.float32 : TOLERANCE[dtype];
          expect(errorOfOutputs(data, expected.data), runtime).toBeLessThan(tolerance);
        }
      },
    );
  });

  describe.each(DTYPES)("an ONNX file of a model of a table, of %s", (dtype) => {
    it.each([...Object.keys(TABLES).entries()].map(([i, name]) => [name, i] as const))(
      "gives the answers of predict in onnxruntime, from the cells of rows: %s",
      async (name, i) => {
        const model = await trainCase(name, dtype);
        const expected: readonly Prediction[] = model.predict(rowsOfCase(name));
        const answers = JSON.parse(bytesOf(`${dtype}-${i}.answers.json`).toString()) as Answers;
        expect(Object.keys(answers)).toEqual(["reference", "onnxruntime"]);
        for (const [runtime, { probabilities, value, class_, class: name = class_ }] of Object.entries(
          answers,
        )) {
          const numbers = (probabilities ?? value)!.flat();
          const tolerance = TOLERANCE[dtype];
          expect(errorOfOutputs(numbers, expected.flatMap(numbersOf)), runtime).toBeLessThan(tolerance);
          expect(name ?? expected.map(() => undefined)).toEqual(expected.map(classOf));
        }
        model.network.dispose();
      },
    );
  });

  it.each(Object.keys(ARRAYS))("an array of NumPy is the one that writeNpy wrote: %s", (name) => {
    const expected = { data: ARRAYS[name]!.data, shape: ARRAYS[name]!.shape };
    expect(readNpy(bytesOf(`${name}.swapped.npy`))).toEqual(expected);
    expect(readNpz(bytesOf(`${name}.compressed.npz`))).toEqual({ array: expected });
  });

  it("a network with the weights of scikit-learn's MLPClassifier has its predictions, and the reverse", async () => {
    const { inputs, outputs } = readNpz(bytesOf("scikit_predictions.npz"));
    const network = await createNetwork({ ...IRIS, loss: LOSS, dtype: "float64", seed: 5 });
    const own = network.predict(inputs!);
    expect(errorOfOutputs(readNpy(bytesOf("scikit_with_network.npy")).data, own.data)).toBeLessThan(1e-12);
    const arrays = readNpz(bytesOf("scikit.npz"));
    network.setParameters(
      network.layers.map((_, i) => ({ kernel: arrays[`arr_${2 * i}`]!, bias: arrays[`arr_${2 * i + 1}`]! })),
    );
    expect(errorOfOutputs(network.predict(inputs!).data, outputs!.data)).toBeLessThan(1e-12);
    network.dispose();
  });
});
