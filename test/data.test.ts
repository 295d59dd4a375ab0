import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BackpropError,
  createNetwork,
  type DType,
  dense,
  type ErrorCode,
  type Network,
  type Rows,
  Tensor,
} from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, spread } from "./support/floats.js";

function create(inputs: number, outputs: number, dtype: DType = "float64"): Promise<Network> {
  const layers = [dense(4, "tanh"), dense(outputs)];
  return createNetwork({ inputs, layers, loss: "meanSquaredError", dtype });
}

function classifier(classes: number, dtype: DType = "float32"): Promise<Network> {
  return createNetwork({
    inputs: 2,
    layers: [dense(classes, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    dtype,
  });
}

/** A value of any type, as a caller in JavaScript may pass it. */
function asRows(value: unknown): Rows {
  return value as Rows;
}

describe("samples", () => {
  let network: Network;
  let column: Network;

  beforeAll(async () => {
    network = await create(3, 2, "float64");
    column = await create(1, 1, "float64");
  });
  afterAll(() => {
    network.dispose();
    column.dispose();
  });

  const flat = [1, -2, 3, 4, 5, -6];
  const forms: [string, Rows][] = [
    [
      "arrays of numbers",
      [
        [1, -2, 3],
        [4, 5, -6],
      ],
    ],
    ["Float64Arrays", [Float64Array.of(1, -2, 3), Float64Array.of(4, 5, -6)]],
    ["Float32Arrays", [Float32Array.of(1, -2, 3), Float32Array.of(4, 5, -6)]],
    ["Int32Arrays and Int8Arrays", [Int32Array.of(1, -2, 3), Int8Array.of(4, 5, -6)]],
    ["a flat array with its shape", { data: flat, shape: [2, 3] }],
    ["a flat Float32Array with its shape", { data: Float32Array.from(flat), shape: [2, 3] }],
    ["a flat Int32Array with its shape", { data: Int32Array.from(flat), shape: [2, 3] }],
    ["a frozen array", Object.freeze([Object.freeze([1, -2, 3]), Object.freeze([4, 5, -6])])],
  ];

  it.each(forms)("may be %s", (_, rows) => {
    const expected = network.predict(forms[0]![1]).data;
    expect(bitsOf(network.predict(rows).data)).toBe(bitsOf(expected));
  });

  it("may be a plain list if they have one column", () => {
    const expected = column.predict([[1], [2], [3]]);
    for (const rows of [
      [1, 2, 3],
      Float64Array.of(1, 2, 3),
      Int32Array.of(1, 2, 3),
      { data: [1, 2, 3], shape: [3] },
    ]) {
      expect(column.predict(rows).toArray()).toEqual(expected.toArray());
      expect(column.evaluate(rows, rows)).toEqual(column.evaluate([[1], [2], [3]], [[1], [2], [3]]));
    }
  });

  it("may be a tensor, such as a prediction", () => {
    const prediction = network.predict(forms[0]![1]);
    expect(prediction).toBeInstanceOf(Tensor);
    expect(network.evaluate(forms[0]![1], prediction).loss).toBe(0);
  });

  it("are not changed", () => {
    const inputs = [[1, 2, 3]];
    const targets = { data: Float64Array.of(1, 2), shape: [1, 2] };
    network.evaluate(inputs, targets);
    expect(inputs).toEqual([[1, 2, 3]]);
    expect([...targets.data]).toEqual([1, 2]);
  });

  const rejected: [string, unknown, ErrorCode, string][] = [
    ["too wide", [[1, 2, 3, 4]], "invalidShape", "inputs has rows of 4 numbers; this network takes 3 a row."],
    [
      "too narrow",
      [
        [1, 2],
        [3, 4],
      ],
      "invalidShape",
      "inputs has rows of 2 numbers; this network takes 3 a row.",
    ],
    ["empty rows", [[]], "invalidShape", "inputs has rows of 0 numbers; this network takes 3 a row."],
    [
      "ragged",
      [
        [1, 2, 3],
        [1, 2, 3],
        [1, 2],
      ],
      "invalidShape",
      "inputs[2] has 2 numbers where the rows before it have 3; expected rows of one width.",
    ],
    ["no rows", [], "invalidShape", "inputs has no rows; expected at least one."],
    [
      "no rows by shape",
      { data: [], shape: [0, 3] },
      "invalidShape",
      "inputs has no rows; expected at least one.",
    ],
    ["nothing", undefined, "invalidShape", "inputs is undefined; expected an array of rows, or {"],
    ["null", null, "invalidShape", "inputs is null; expected an array of rows, or {"],
    ["a number", 5, "invalidShape", "inputs is 5; expected an array of rows, or {"],
    ["an object", {}, "invalidShape", "inputs is an object (Object); expected an array of rows, or {"],
    [
      "a plain list",
      [1, 2, 3],
      "invalidShape",
      "inputs is a plain list of numbers; expected rows of 3 numbers",
    ],
    ["a row that is none", [[1, 2, 3], 4], "invalidShape", "inputs[1] is 4; expected a row of 3 numbers."],
    ["a row of null", [null], "invalidShape", "inputs[0] is null; expected a row of 3 numbers."],
    [
      "a hole for a row",
      new Array(2),
      "invalidShape",
      "inputs[0] is undefined; expected a row of 3 numbers.",
    ],
    [
      "another shape",
      { data: [1, 2, 3, 4], shape: [2, 2] },
      "invalidShape",
      "inputs has shape [2, 2]; expected [rows, 3] for this network.",
    ],
    [
      "a shape of three dimensions",
      { data: [1, 2, 3], shape: [1, 3, 1] },
      "invalidShape",
      "inputs has shape [1, 3, 1]; expected [rows, 3] for this network.",
    ],
    [
      "too few for the shape",
      { data: [1, 2, 3], shape: [2, 3] },
      "invalidShape",
      "inputs has 3 numbers for shape [2, 3]; expected 6.",
    ],
    [
      "too many for the shape",
      { data: [1, 2, 3, 4], shape: [1, 3] },
      "invalidShape",
      "inputs has 4 numbers for shape [1, 3]; expected 3.",
    ],
    ["a shape that is no number", { data: [1], shape: ["1", 3] }, "invalidShape", "inputs is an object"],
    ["a negative shape", { data: [1], shape: [-1, 3] }, "invalidShape", "inputs is an object"],
    ["no shape", { data: [1, 2, 3], shape: null }, "invalidShape", "inputs is an object"],
    ["no data", { data: undefined, shape: [1, 3] }, "invalidShape", "inputs"],
    ["a NaN", [[1, Number.NaN, 3]], "invalidData", "inputs[0][1] is NaN; expected a finite float64 number."],
    [
      "an infinity",
      [
        [1, 2, 3],
        [4, 5, -Infinity],
      ],
      "invalidData",
      "inputs[1][2] is -Infinity; expected a finite float64 number.",
    ],
    [
      "an infinity by shape",
      { data: [1, 2, 3, 4, Infinity, 6], shape: [2, 3] },
      "invalidData",
      "inputs[1][1] is Infinity; expected a finite float64 number.",
    ],
    ["text", [["1", 2, 3]], "invalidData", 'inputs[0][0] is "1"; expected a finite float64 number.'],
    ["a truth", [[true, 2, 3]], "invalidData", "inputs[0][0] is true; expected a finite float64 number."],
    ["a null", [[1, null, 3]], "invalidData", "inputs[0][1] is null; expected a finite float64 number."],
    [
      "a hole",
      [Array.from([1, undefined, 3])],
      "invalidData",
      "inputs[0][1] is undefined; expected a finite float64 number.",
    ],
    ["a bigint", [[1n, 2n, 3n]], "invalidData", "inputs[0][0] is 1n; expected a finite float64 number."],
    [
      "a symbol",
      [[Symbol("x"), 2, 3]],
      "invalidData",
      "inputs[0][0] is Symbol(x); expected a finite float64",
    ],
    [
      "an object for a number",
      [[{}, 2, 3]],
      "invalidData",
      "inputs[0][0] is an object (Object); expected a finite",
    ],
  ];

  it.each(rejected)("are refused with %s", (_, rows, code, message) => {
    for (const work of [
      () => network.predict(asRows(rows)),
      () => network.evaluate(asRows(rows), asRows(Array.isArray(rows) ? rows.map(() => [1, 2]) : [[1, 2]])),
      () => network.gradients(asRows(rows), [[1, 2]]),
      () => network.fitSync(asRows(rows), [[1, 2]]),
    ]) {
      const error = errorOf(work);
      expect(error).toBeInstanceOf(BackpropError);
      // The numbers of rows are compared before the rows are read.
      if ((error as BackpropError).message.includes("expected one target for each input")) continue;
      expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    }
  });

  it("are called targets in errors about targets", () => {
    expect(errorOf(() => network.evaluate([[1, 2, 3]], [[1]]))).toMatchObject({
      code: "invalidShape",
      message: "targets has rows of 1 number; this network takes 2 a row.",
    });
    expect(errorOf(() => network.evaluate([[1, 2, 3]], [[1, Number.NaN]]))).toMatchObject({
      code: "invalidData",
      message: expect.stringContaining("targets[0][1] is NaN"),
    });
  });

  it("are refused if inputs and targets differ in their number of rows", () => {
    for (const work of [
      () =>
        network.evaluate(
          [[1, 2, 3]],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      () =>
        network.gradients(
          [[1, 2, 3]],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      () =>
        network.fitSync(
          [[1, 2, 3]],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      () => network.fitSync([[1, 2, 3]], { data: [1, 2, 3, 4], shape: [2, 2] }),
    ]) {
      expect(errorOf(work)).toMatchObject({
        code: "invalidShape",
        message: "inputs has 1 rows and targets has 2; expected one target for each input.",
      });
    }
  });

  it("are refused if their shape is larger than their data", () => {
    for (const rows of [2 ** 20, 2 ** 31, 2 ** 33, 2 ** 52]) {
      expect(errorOf(() => network.predict({ data: [1, 2, 3], shape: [rows, 3] }))).toMatchObject({
        code: "invalidShape",
        message: expect.stringContaining(`inputs has 3 numbers for shape [${rows}, 3]`),
      });
    }
  });

  it("give the same predictions in every form for 60 000 rows, and errors name the wrong row", () => {
    const rows = 60_000;
    const flat = new Float64Array(spread(rows * 3));
    const nested = Array.from({ length: rows }, (_, i) => flat.slice(i * 3, i * 3 + 3));
    const predictions = network.predict({ data: flat, shape: [rows, 3] });
    expect(bitsOf(network.predict(nested).data)).toBe(bitsOf(predictions.data));
    for (const row of [0, 777, 59_999]) {
      const alone = network.predict([nested[row]!]);
      expect(bitsOf(alone.data)).toBe(bitsOf(predictions.data.slice(row * 2, row * 2 + 2)));
    }
    flat[3 * 54_321 + 1] = Number.NaN;
    nested[54_321]![1] = Number.NaN;
    for (const wrong of [nested, { data: flat, shape: [rows, 3] }]) {
      expect(errorOf(() => network.predict(wrong))).toMatchObject({
        code: "invalidData",
        message: expect.stringContaining("inputs[54321][1] is NaN"),
      });
    }
    nested[50_000] = new Float64Array(4);
    expect(errorOf(() => network.predict(nested))).toMatchObject({
      message: expect.stringContaining("inputs[50000] has 4 numbers"),
    });
  });

  it("may exceed the range of float32 only in float64", async () => {
    const narrow = await create(3, 2, "float32");
    for (const value of [1e300, -1e300, 3.5e38]) {
      const error = errorOf(() => narrow.predict([[1, value, 3]]));
      expect(error).toMatchObject({
        code: "invalidData",
        message:
          `inputs[0][1] is ${value}, which is too large for float32; expected a finite float32 number. ` +
          "Clean or scale the data first.",
      });
    }
    expect(narrow.predict([[1, 3.4e38, 3]]).shape).toEqual([1, 2]);
    expect(network.predict([[1, 1e300, 3]]).shape).toEqual([1, 2]);
    expect(errorOf(() => narrow.predict([[1, Infinity, 3]]))).toMatchObject({
      message: expect.stringContaining("inputs[0][1] is Infinity; expected"),
    });
    narrow.dispose();
  });
});

/** Rows with a getter that calls `work` when number `index` of the second row is read. */
function rowsThatCall(work: () => void, index = 1): Rows {
  const row = [4, 5, 6];
  Object.defineProperty(row, index, {
    get() {
      work();
      return 5;
    },
  });
  return [[1, 2, 3], row, [7, 8, 9]];
}

describe("memory that grows while rows are read", () => {
  const plain = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ];

  it("does not change the training", async () => {
    const { memory } = await sharedCore();
    const network = await create(3, 2);
    const grow = rowsThatCall(() => {
      // More rows than memory has room for: the other network's call, such as for a derived column, makes it grow.
      const rows = Math.ceil(memory.buffer.byteLength / 24) + 1;
      network.predict({ data: new Float64Array(rows * 3), shape: [rows, 3] });
    });
    const size = memory.buffer.byteLength;
    expect(bitsOf(network.predict(grow).data)).toBe(bitsOf(network.predict(plain).data));
    expect(memory.buffer.byteLength).toBeGreaterThan(size);
    network.dispose();
  });

  it("does not change losses or errors, even if it grows at every number", async () => {
    const { memory } = await sharedCore();
    const get = (row: number[], key: PropertyKey) => {
      memory.grow(1);
      return Reflect.get(row, key);
    };
    const growing = (rows: readonly number[][]) => rows.map((row) => new Proxy(row, { get }));
    const network = await create(3, 3);
    const labelled = await createNetwork({
      inputs: 3,
      layers: [dense(3, "softmax")],
      loss: "sparseCategoricalCrossentropy",
    });
    expect(network.evaluate(growing(plain), growing(plain)).loss).toBe(network.evaluate(plain, plain).loss);
    const labels = [[2], [0], [1]];
    expect(labelled.evaluate(growing(plain), growing(labels)).loss).toBe(
      labelled.evaluate(plain, labels).loss,
    );
    expect(errorOf(() => labelled.evaluate(plain, growing([[2], [3], [1]])))).toMatchObject({
      message: "targets[1][0] is 3; expected an integer label from 0 to 2.",
    });
    expect(errorOf(() => network.predict(growing([[1, Number.NaN, 3]])))).toMatchObject({
      message: expect.stringContaining("inputs[0][1] is NaN"),
    });
    network.dispose();
    labelled.dispose();
  });

  it("is named by the error if it has emptied a view", async () => {
    const { memory } = await sharedCore();
    const wide = await create(3, 2);
    const view = () => wide.parameters[0]!.kernel.data;
    const growing = [{ data: view(), shape: [4, 3] }, [view().subarray(0, 3), view().subarray(3, 6)]];
    for (const given of growing) {
      memory.grow(1);
      expect(errorOf(() => wide.predict(given))).toMatchObject({
        code: "invalidData",
        message:
          "inputs has a typed array that has lost its buffer: the buffer was transferred, or the array was a view of " +
          "a network's memory, which has grown. Pass the tensor itself, or a copy by slice().",
      });
    }
    wide.dispose();
  });
});

describe("rows whose getter uses the network", () => {
  it("may train it", async () => {
    const network = await create(3, 2);
    const targets = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    network.predict(rowsThatCall(() => network.fitSync([[1, 2, 3]], [[1, 2]])));
    expect(network.epoch).toBe(1);
    const busy = errorOf(() =>
      network.fitSync(
        rowsThatCall(() => network.fitSync([[1, 2, 3]], [[1, 2]])),
        targets,
      ),
    );
    expect(busy).toMatchObject({ code: "busy" });
    expect(network.fitSync([[1, 2, 3]], [[1, 2]]).loss.length).toBe(1);
    network.dispose();
  });

  it("make each call throw disposed if it disposes the network", async () => {
    const targets = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const calls = [
      (network: Network, rows: Rows) => network.predict(rows),
      (network: Network, rows: Rows) => network.evaluate(rows, targets),
      (network: Network, rows: Rows) => network.gradients(rows, targets),
      (network: Network, rows: Rows) => network.fitSync(rows, targets),
    ];
    for (const call of calls) {
      const network = await create(3, 2);
      const rows = rowsThatCall(() => network.dispose());
      expect(errorOf(() => call(network, rows))).toMatchObject({ code: "disposed" });
    }
  });

  it("are refused with the error that it throws as the cause", async () => {
    const network = await create(3, 2);
    const cause = new Error("from within");
    const rows = rowsThatCall(() => {
      throw cause;
    });
    expect(errorOf(() => network.predict(rows))).toMatchObject({
      code: "invalidData",
      message: "inputs cannot be read: from within.",
      cause,
    });
    network.dispose();
  });
});

describe("rows that claim a false length", () => {
  const sparse = (...given: unknown[]) => Object.assign(given, { length: 3e8 });
  const withLast = (...given: unknown[]) => Object.assign(sparse(...given), { [3e8 - 1]: given[0] });

  it.each<[string, number, unknown]>([
    ["only a length", 3, { length: 3e8 }],
    ["only a length, of one column", 1, { length: 3e8 }],
    ["one row", 3, sparse([1, 2, 3])],
    ["the first and the last row", 3, withLast([1, 2, 3])],
    ["the first and the last number", 1, withLast(1)],
    ["a shape", 3, { data: { length: 9e8 }, shape: [3e8, 3] }],
    ["a shape and one number", 3, { data: { length: 9e8, 0: 1 }, shape: [3e8, 3] }],
    ["a subclass of a typed array that claims more", 3, { data: new Claiming(3), shape: [3e8, 3] }],
    ["rows for which no memory is large enough", 3, { length: 4e8 }],
  ])("are refused without taking memory: %s", async (_, width, rows) => {
    const { memory } = await sharedCore();
    const network = await create(width, width, "float32");
    const size = memory.buffer.byteLength;
    expect(() => network.predict(asRows(rows))).toThrow(BackpropError);
    expect(() => network.evaluate(asRows(rows), asRows(rows))).toThrow(BackpropError);
    await expect(network.fit(asRows(rows), asRows(rows))).rejects.toBeInstanceOf(BackpropError);
    expect(memory.buffer.byteLength).toBe(size);
    network.dispose();
  });
});

class Claiming extends Float32Array {
  override get length() {
    return 9e8;
  }
}

describe("the message about", () => {
  const classified = (loss: "categoricalCrossentropy" | "sparseCategoricalCrossentropy") =>
    createNetwork({ inputs: 2, layers: [dense(3, "softmax")], loss });
  const inputs = [
    [1, 2],
    [3, 4],
  ];

  it.each([
    ["a list", [2, 0]],
    ["rows", [[2], [0]]],
    ["a typed array", Int32Array.of(2, 0)],
    ["a flat array", { data: [2, 0], shape: [2] }],
    ["a column", { data: [2, 0], shape: [2, 1] }],
  ])("labels for categoricalCrossentropy names the sparse loss: %s", async (_, labels) => {
    const network = await classified("categoricalCrossentropy");
    const { message } = errorOf(() => network.evaluate(inputs, labels));
    expect(message).toMatch(/For integer labels, use the loss "sparseCategoricalCrossentropy"\.$/);
    expect(
      errorOf(() =>
        network.evaluate(inputs, [
          [1, 2],
          [3, 4],
        ]),
      ).message,
    ).not.toContain("labels");
    network.dispose();
  });

  it.each([
    [
      "rows",
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
    ],
    ["a flat array", { data: [0, 0, 1, 1, 0, 0], shape: [2, 3] }],
  ])("one-hot rows for sparseCategoricalCrossentropy names the other loss: %s", async (_, targets) => {
    const network = await classified("sparseCategoricalCrossentropy");
    const { message } = errorOf(() => network.evaluate(inputs, targets));
    expect(message).toMatch(/For one-hot rows, use the loss "categoricalCrossentropy"\.$/);
    network.dispose();
  });

  it.each([
    [["cat", "dog"], 'targets[0] is "cat"'],
    [[1, "dog"], 'targets[1] is "dog"'],
    [[["cat"], ["dog"]], 'targets[0][0] is "cat"'],
    [["c", "d"], 'targets[0] is "c"'],
  ])("text labels says to number the classes: %j", async (labels, place) => {
    const network = await classified("sparseCategoricalCrossentropy");
    expect(errorOf(() => network.evaluate(inputs, asRows(labels))).message).toBe(
      `${place}; expected an integer label from 0 to 2. Give each class a number first.`,
    );
    network.dispose();
  });

  it("text inputs says to convert them", async () => {
    const network = await classified("sparseCategoricalCrossentropy");
    expect(errorOf(() => network.predict(asRows([["1", 2]]))).message).toBe(
      'inputs[0][0] is "1"; expected a finite float32 number. Convert text to numbers first.',
    );
    network.dispose();
  });

  it.each<[string, () => unknown, string]>([
    [
      "a generator",
      () => (function* () {})(),
      "Collect the rows in an array first, such as Array.from(inputs).",
    ],
    ["a set", () => new Set([[1, 2]]), "Collect the rows in an array first"],
    ["an asynchronous generator", () => (async function* () {})(), "Collect the rows in an array first"],
    ["a promise", () => Promise.resolve([[1, 2]]), "Await the promise first."],
  ])("%s says what to do with it", async (_, rows, advice) => {
    const network = await classified("sparseCategoricalCrossentropy");
    expect(errorOf(() => network.predict(asRows(rows()))).message).toContain(advice);
    network.dispose();
  });
});

describe("labels", () => {
  it("may be a list, rows of one label, or a typed array", async () => {
    const network = await classifier(3);
    const inputs = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const { loss } = network.evaluate(inputs, [2, 0, 1]);
    for (const labels of [
      [[2], [0], [1]],
      Int32Array.of(2, 0, 1),
      Uint8Array.of(2, 0, 1),
      { data: [2, 0, 1], shape: [3, 1] },
      { data: [2, 0, 1], shape: [3] },
      [2, -0, 1],
    ]) {
      expect(network.evaluate(inputs, labels).loss).toBe(loss);
    }
    network.dispose();
  });

  it.each(["float32", "float64"] as const)(
    "are refused in %s if they are fractional or out of range",
    async (dtype) => {
      const network = await classifier(3, dtype);
      for (const label of [3, -1, 0.5, 1.5, 2.5, 1e9, -3]) {
        for (const work of [
          () =>
            network.evaluate(
              [
                [1, 2],
                [3, 4],
              ],
              [1, label],
            ),
          () =>
            network.gradients(
              [
                [1, 2],
                [3, 4],
              ],
              [1, label],
            ),
          () =>
            network.fitSync(
              [
                [1, 2],
                [3, 4],
              ],
              [[1], [label]],
            ),
        ]) {
          expect(errorOf(work)).toMatchObject({
            code: "invalidLabel",
            message: expect.stringMatching(
              /^targets\[1\](\[0\])? is .+; expected an integer label from 0 to 2\.$/,
            ),
          });
        }
      }
      network.dispose();
    },
  );

  it("appear in errors as given, not rounded to float32", async () => {
    const network = await classifier(3);
    expect(errorOf(() => network.evaluate([[1, 2]], [0.1]))).toMatchObject({
      code: "invalidLabel",
      message: "targets[0] is 0.1; expected an integer label from 0 to 2.",
    });
    expect(errorOf(() => network.evaluate([[1, 2]], [1.0000000001]))).toMatchObject({ code: "invalidLabel" });
    network.dispose();
  });

  it("are refused if they are not numbers", async () => {
    const network = await classifier(3);
    expect(errorOf(() => network.evaluate([[1, 2]], [Number.NaN]))).toMatchObject({ code: "invalidData" });
    expect(errorOf(() => network.evaluate([[1, 2]], asRows(["cat"])))).toMatchObject({
      name: "BackpropError",
      message: expect.stringContaining("targets[0]"),
    });
    expect(errorOf(() => network.evaluate([[1, 2]], [[1, 0, 0]]))).toMatchObject({
      code: "invalidShape",
      message:
        "targets has rows of 3 numbers; this network takes 1 a row. " +
        'For one-hot rows, use the loss "categoricalCrossentropy".',
    });
    network.dispose();
  });
});

describe("arbitrary values as rows", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    maxDepth: 3,
  });
  const cell = fc.oneof(fc.double(), fc.integer(), { arbitrary: anything, weight: 1 });
  const rows = fc.oneof(
    anything,
    fc.array(fc.array(cell, { maxLength: 4 }), { maxLength: 4 }),
    fc.array(cell, { maxLength: 4 }),
    fc.record({
      data: fc.oneof(fc.array(cell, { maxLength: 12 }), anything),
      shape: fc.array(fc.nat(4), { maxLength: 3 }),
    }),
    fc.record({ data: anything, shape: anything }),
    fc.record({
      length: fc.constantFrom<unknown>(-1, 0, 1, 2, 1.5, Number.NaN, Infinity, "2", null, {}, 2n),
    }),
  );

  it("are accepted, or refused with a BackpropError", async () => {
    const network = await create(2, 1, "float32");
    const column = await create(1, 1, "float64");
    const labelled = await classifier(2);
    fc.assert(
      fc.property(rows, rows, (inputs, targets) => {
        for (const of of [network, column, labelled]) {
          for (const work of [
            () => of.predict(asRows(inputs)),
            () => of.evaluate(asRows(inputs), asRows(targets)),
            () => of.evaluate([[1, 2]], asRows(targets)),
            () => of.fitSync(asRows(inputs), asRows(targets)),
          ]) {
            try {
              work();
            } catch (error) {
              if (!(error instanceof BackpropError)) throw error;
            }
          }
        }
      }),
      { numRuns: 1000 },
    );
    for (const of of [network, column, labelled]) of.dispose();
  });

  it("can be trained on if they are finite and have the right shape", async () => {
    const finite = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    const samples = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 }))
      .chain(([width, outputs, count]) => {
        const table = (columns: number) =>
          fc.array(finite, { minLength: count * columns, maxLength: count * columns }).chain((data) =>
            fc.constantFrom<Rows>(
              { data, shape: [count, columns] },
              { data: Float32Array.from(data), shape: [count, columns] },
              Array.from({ length: count }, (_, i) => data.slice(i * columns, (i + 1) * columns)),
              Array.from({ length: count }, (_, i) =>
                Float64Array.from(data.slice(i * columns, (i + 1) * columns)),
              ),
            ),
          );
        return fc.record({
          width: fc.constant(width),
          outputs: fc.constant(outputs),
          count: fc.constant(count),
          inputs: table(width),
          targets: table(outputs),
          dtype: fc.constantFrom<DType>("float32", "float64"),
          batchSize: fc.integer({ min: 1, max: 30 }),
          shuffle: fc.boolean(),
        });
      });
    await fc.assert(
      fc.asyncProperty(
        samples,
        async ({ width, outputs, count, inputs, targets, dtype, batchSize, shuffle }) => {
          const network = await createNetwork({
            inputs: width,
            layers: [dense(3, "tanh"), dense(outputs)],
            loss: { name: "huber" },
            dtype,
          });
          const { loss } = network.fitSync(inputs, targets, { epochs: 2, batchSize, shuffle });
          expect(loss.length).toBe(2);
          expect(loss.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
          expect(network.predict(inputs).shape).toEqual([count, outputs]);
          network.dispose();
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("a prediction", () => {
  it("is a tensor of its own, in the network's dtype", async () => {
    for (const dtype of ["float32", "float64"] as const) {
      const network = await create(3, 2, dtype);
      const inputs = { data: spread(12), shape: [4, 3] };
      const prediction = network.predict(inputs);
      expect(prediction).toBeInstanceOf(Tensor);
      expect(prediction.shape).toEqual([4, 2]);
      expect(prediction.data).toBeInstanceOf(dtype === "float32" ? Float32Array : Float64Array);
      const values = [...prediction.data];
      expect(prediction.toArray()).toEqual([0, 2, 4, 6].map((at) => values.slice(at, at + 2)));
      expect(JSON.parse(JSON.stringify(prediction))).toEqual(prediction.toArray());
      network.predict({ data: spread(12, 5, 6), shape: [4, 3] });
      network.dispose();
      expect([...prediction.data]).toEqual(values);
    }
  });
});
