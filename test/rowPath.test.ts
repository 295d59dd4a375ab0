import { beforeAll, describe, expect, it } from "vitest";
import { StructView } from "../src/abi/struct.js";
import { PauseNumber, RunStruct, StatusNumber } from "../src/abi/structs.js";
import { ACTIVATIONS, type ActivationName, type FloatArray, type LossName } from "../src/index.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, spread } from "./support/floats.js";
import { Region } from "./support/region.js";
import { layer, type NetworkShape, TestNetwork } from "./support/testNetwork.js";

// The core has separate code for a microbatch of one row. These tests compare it with the code for many rows.

/** Units that fill one, two, four or eight vectors, and remainders of each. */
const WIDTHS = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 15, 16, 17, 19, 24, 27, 31, 32, 33, 47, 60, 63, 64, 65, 70,
];

/** The numbers of RowPath in assembly/layers/tensors.ts. */
const ROW_PATHS = { None: 0, Loss: 1, Step: 2 } as const;

interface Shape {
  readonly inputs: number;
  readonly hidden: number | readonly number[];
  readonly outputs: number;
  readonly activation?: ActivationName;
  readonly output?: ActivationName;
  readonly loss?: LossName;
  readonly useBias?: boolean;
}

interface Row {
  readonly inputs: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
}

describe.each(DTYPES)("a batch of one row in %s", (dtype) => {
  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const round = dtype === "float32" ? Math.fround : (value: number) => value;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  /** largestStep() of assembly/optimizers/bound.ts: the core checks a step of this size before it takes it. */
  const limit = dtype === "float32" ? 2 ** 100 : 2 ** 960;

  let assembly: Assembly;
  let region: Region;

  beforeAll(async () => {
    assembly = await compileAssembly("test/assembly/phases.ts");
    region = new Region(assembly, dtype);
  });

  function call(name: string, ...values: number[]): number {
    return assembly.exports[name]!(...values);
  }

  /** Replaces the network in the region by a new one. */
  function createNetwork({
    inputs,
    hidden,
    outputs,
    activation = "tanh",
    output = "linear",
    loss = "meanSquaredError",
    useBias = true,
  }: Shape): TestNetwork {
    const network = new TestNetwork(assembly, region, dtype, {
      inputs,
      layers: [
        ...[hidden].flat().map((units) => layer(units, activation, useBias, 0.125)),
        layer(outputs, output, useBias, 0.125),
      ],
      loss,
      lossParameter: 0.1,
    });
    network.parameters.set(spread(network.parameterCount, -1, 1, 0.4));
    return network;
  }

  function rowFor({ inputs, outputs, loss }: Shape, seed = 0.3): Row {
    return {
      inputs: spread(inputs, -1.5, 1.5, seed),
      targets: loss === "sparseCategoricalCrossentropy" ? [outputs >> 1] : spread(outputs, 0, 1, seed / 2),
    };
  }

  function putRows(network: TestNetwork, rows: readonly Row[]): number {
    return network.putSamples(
      rows.flatMap(({ inputs }) => Array.from(inputs)),
      rows.flatMap(({ targets }) => Array.from(targets)),
    );
  }

  interface LossAndGradients {
    readonly loss: number;
    readonly gradients: FloatArray;
  }

  function computeGradients(network: TestNetwork, rows: readonly Row[]): LossAndGradients {
    const { address, workspace } = network;
    const loss = network.call(
      "compute_gradients",
      address,
      workspace,
      putRows(network, rows),
      0,
      rows.length,
      0,
    );
    return { loss, gradients: network.gradients.slice() };
  }

  function gradientsOf(network: TestNetwork, rows: readonly Row[]): FloatArray {
    return computeGradients(network, rows).gradients;
  }

  /** One epoch, row by row; returns whether it diverged or was refused. */
  function train(network: TestNetwork, rows: readonly Row[], learningRate: number, batchSize = 1): boolean {
    const run = new StructView(
      RunStruct,
      assembly.memory,
      region.putWords(new Uint32Array(RunStruct.size / 4)),
    );
    run.set({
      samples: putRows(network, rows),
      workspace: network.workspace,
      batchSize,
      pauses: PauseNumber.Never,
      until: 1,
      losses: region.putWords(new Uint32Array(2)),
      targetLoss: -Infinity,
    });
    network.learningRate = learningRate;
    network.call("train", network.address, run.address, 2 ** 31);
    expect(network.changedGuard()).toBe("");
    const status = run.get("status");
    const { Finished, LossNotFinite, StepNotFinite, InvalidLearningRate } = StatusNumber;
    expect([Finished, LossNotFinite, StepNotFinite, InvalidLearningRate]).toContain(status);
    return status !== Finished;
  }

  /** parameters − learningRate · gradients of `rows`, with each operation rounded to the dtype. */
  function referenceStep(network: TestNetwork, rows: readonly Row[], learningRate: number): FloatArray {
    const rate = round(learningRate);
    const gradients = gradientsOf(network, rows);
    return network.parameters.map((parameter, i) => round(parameter - round(rate * gradients[i]!)));
  }

  /** Asserts that the step equals parameters − learningRate · gradients, and the step of update(). */
  function expectStep(shape: Shape, learningRate = 0.1): void {
    const network = createNetwork(shape);
    const row = rowFor(shape);
    const expected = referenceStep(network, [row], learningRate);
    expect(firstDifference(network.parameters, expected)).not.toBe(-1);
    expect(train(network, [row], learningRate)).toBe(false);
    const at = firstDifference(network.parameters, expected);
    if (at >= 0) expect.fail(`${JSON.stringify(shape)}: parameter ${at} of ${expected.length}`);
    const general = createNetwork(shape);
    general.learningRate = learningRate;
    gradientsOf(general, [row]);
    expect(general.call("update", general.address, general.workspace)).toBe(StatusNumber.StepTaken);
    expect(firstDifference(general.parameters, expected)).toBe(-1);
  }

  /** Asserts that a row has half the gradients of two equal rows, bit for bit, and half their loss, up to rounding. */
  function expectHalf(shape: Shape): void {
    const network = createNetwork(shape);
    const row = rowFor(shape);
    const twice = computeGradients(network, [row, row]);
    expect(call("row_path", network.workspace)).toBe(ROW_PATHS.None);
    const half = twice.gradients.map((value) => value / 2);
    expect(half.some((value) => value !== 0)).toBe(true);
    const { loss, gradients } = computeGradients(network, [row]);
    expect(call("row_path", network.workspace)).toBe(ROW_PATHS.Step);
    const at = firstDifference(gradients, half);
    if (at >= 0) expect.fail(`${JSON.stringify(shape)}: gradient ${at} of ${half.length}`);
    const error = Math.abs(loss - twice.loss / 2);
    if (!(error <= shape.outputs * epsilon * loss)) expect.fail(`${JSON.stringify(shape)}: loss ${loss}`);
  }

  it("has half the gradients of two equal rows, bit for bit, at every width", () => {
    for (const hidden of WIDTHS) {
      for (const outputs of [1, 2, 3, 4, 5, 7, 8, 10]) expectHalf({ inputs: 3, hidden, outputs });
    }
    for (const outputs of WIDTHS) expectHalf({ inputs: 5, hidden: 9, outputs, useBias: false });
  });

  it("has half the gradients of two equal rows, bit for bit, through any number of layers", () => {
    expectHalf({ inputs: 3, hidden: [], outputs: 5 });
    expectHalf({ inputs: 3, hidden: [7, 2], outputs: 5 });
    expectHalf({ inputs: 3, hidden: [2, 7, 4], outputs: 5, activation: "gelu", useBias: false });
    expectHalf({ inputs: 9, hidden: [8, 7, 6, 5, 4], outputs: 3 });
  });

  it("has half the gradients of two equal rows, bit for bit, for every activation and loss", () => {
    for (const activation of ACTIVATIONS) {
      expectHalf({ inputs: 4, hidden: 6, outputs: 3, activation });
      expectHalf({ inputs: 4, hidden: 6, outputs: 7, output: activation, loss: "huber" });
    }
    for (const loss of ["categoricalCrossentropy", "sparseCategoricalCrossentropy"] as const) {
      for (const outputs of WIDTHS.slice(1)) {
        expectHalf({ inputs: 4, hidden: 6, outputs, output: "softmax", loss });
      }
    }
    expectHalf({ inputs: 4, hidden: 6, outputs: 5, output: "sigmoid", loss: "sigmoidCrossentropy" });
  });

  it("takes the step of the general path, bit for bit, at every width", () => {
    for (const width of WIDTHS) {
      expectStep({ inputs: 7, hidden: width, outputs: 3 });
      expectStep({ inputs: 2, hidden: 5, outputs: width, useBias: false });
    }
    for (const inputs of WIDTHS) expectStep({ inputs, hidden: 6, outputs: 2 });
    expectStep({ inputs: 3, hidden: [7, 9, 2], outputs: 5 });
    expectStep({ inputs: 3, hidden: 4, outputs: 5 }, -0.1);
  });

  it("takes the step without storing gradients", () => {
    const shape = { inputs: 3, hidden: 4, outputs: 2 };
    const network = createNetwork(shape);
    network.gradients.fill(7);
    expect(train(network, [rowFor(shape)], 0.1)).toBe(false);
    expect(network.gradients.every((value) => value === 7)).toBe(true);
  });

  it("makes a parameter of −0 become 0 where the gradient is −0, which the general step leaves −0", () => {
    const shape: Shape = { inputs: 1, hidden: [], outputs: 1, useBias: false };
    const row = { inputs: [-0], targets: [-1] };
    const network = createNetwork(shape);
    network.parameters[0] = -0;
    expect(train(network, [row], 0.1)).toBe(false);
    expect(network.parameters[0]).toBe(0);
    const general = createNetwork(shape);
    general.learningRate = 0.1;
    general.parameters[0] = -0;
    expect(gradientsOf(general, [row])[0]).toBe(0);
    expect(general.call("update", general.address, general.workspace)).toBe(StatusNumber.StepTaken);
    expect(general.parameters[0]).toBe(-0);
  });

  it("takes the same steps at the end of an epoch whose other batches have more rows", () => {
    const shape = { inputs: 5, hidden: 11, outputs: 3 };
    const rows = Array.from({ length: 9 }, (_, i) => rowFor(shape, 0.1 + i / 13));
    const plain = createNetwork(shape);
    for (let begin = 0; begin < rows.length; begin += 4) {
      plain.parameters.set(referenceStep(plain, rows.slice(begin, begin + 4), 0.05));
    }
    const expected = plain.parameters.slice();
    const network = createNetwork(shape);
    expect(train(network, rows, 0.05, 4)).toBe(false);
    expect(firstDifference(network.parameters, expected)).toBe(-1);
  });

  it("takes the row path through forward pass, loss and backward pass without an optimizer", () => {
    const shape: Shape = { inputs: 5, hidden: [6, 9], outputs: 3, activation: "silu" };
    const row = rowFor(shape);
    const expected = gradientsOf(createNetwork(shape), [row]);
    const network = createNetwork(shape);
    call("network_set_optimizer", network.address, 0);
    expect(firstDifference(gradientsOf(network, [row]), expected)).toBe(-1);
    expect(call("row_path", network.workspace)).toBe(ROW_PATHS.Loss);
  });

  describe("the forward pass", () => {
    /** The outputs of `rows`, [outputs, rows]. `isPoisoned`: fills tensors that must be written before use with NaN. */
    function forward(shape: NetworkShape, rows: FloatArray, isPoisoned = false): FloatArray {
      const network = new TestNetwork(assembly, region, dtype, shape);
      const count = rows.length / shape.inputs;
      if (isPoisoned) {
        network.gradients.fill(Number.NaN);
        for (const { address, length } of network.workspaceTensors())
          region.view(address, length).fill(Number.NaN);
      }
      const targets = Array(count * shape.layers.at(-1)!.units).fill(0);
      const samples = network.putSamples(rows, targets);
      network.call("forward", network.address, network.workspace, samples, 0, count, 0);
      expect(network.changedGuard()).toBe("");
      return network.outputs(count);
    }

    // One and two vectors of units, and blocks of four and eight vectors, with remainders.
    it.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65])(
      "has the same bits as in a batch, with %i units",
      (units) => {
        for (const [useBias, last] of [
          [true, layer(units, units > 1 ? "softmax" : "sigmoid")],
          [false, layer(units, "linear", false)],
          [true, layer(3, "tanh")],
        ] as const) {
          const shape: NetworkShape = {
            inputs: 6,
            layers: [layer(units, "gelu", useBias), last],
            loss: "meanSquaredError",
          };
          const count = 7;
          const inputs = floats(dtype, spread(count * shape.inputs, -2, 2, 0.1));
          const together = forward(shape, inputs);
          for (let row = 0; row < count; row++) {
            const own = inputs.subarray(row * shape.inputs, (row + 1) * shape.inputs);
            const expected = together.filter((_, at) => at % count === row);
            expect(firstDifference(forward(shape, own), expected), `row ${row}`).toBe(-1);
            // The last block reads past the kernel. This must not change results.
            expect(firstDifference(forward(shape, own, true), expected), `row ${row}, NaN`).toBe(-1);
          }
        }
      },
    );
  });

  describe("with very large parameters", () => {
    const shape: Shape = {
      inputs: 3,
      hidden: 2,
      outputs: 5,
      activation: "linear",
      loss: "meanAbsoluteError",
    };

    /** All parameters but the last bias are 0 and stay 0. A step moves the last bias towards the target by the rate. */
    function createBias(): TestNetwork {
      const network = createNetwork({
        inputs: 1,
        hidden: 1,
        outputs: 1,
        activation: "linear",
        loss: shape.loss!,
      });
      network.parameters.fill(0);
      return network;
    }

    it("takes the step that leaves them finite, bit for bit", () => {
      for (const size of [limit / 4, limit / 2, limit, limit * 4, largest / 4, largest]) {
        const network = createNetwork(shape);
        // The two hidden biases: no output depends on their units.
        network.parameters.fill(0).set([size, -size], 6);
        const row = { inputs: [0.5, -1, 2], targets: [1, 2, 3, -4, 5] };
        const expected = referenceStep(network, [row], 0.25);
        expect(expected.every(Number.isFinite)).toBe(true);
        expect(train(network, [row], 0.25)).toBe(false);
        expect(firstDifference(network.parameters, expected)).toBe(-1);
      }
    });

    it.each([0, 1])(
      "refuses the first step that would make a parameter infinite, for the input %i",
      (input) => {
        for (const sign of [1, -1]) {
          const network = createBias();
          const rows = [{ inputs: [input], targets: [sign * largest] }];
          const rate = round(largest * 0.3);
          for (const expected of [rate, 2 * rate, 3 * rate]) {
            expect(train(network, rows, rate)).toBe(false);
            expect(network.parameters[3]).toBe(sign * round(expected));
          }
          expect(train(network, rows, rate)).toBe(true);
          expect([...network.parameters]).toEqual([0, 0, 0, sign * round(3 * rate)]);
        }
      },
    );

    it("refuses a step of half a unit in the last place beyond the largest number, and takes smaller ones", () => {
      const half = dtype === "float32" ? 2 ** 103 : 2 ** 970;
      for (const rate of [limit / 2, limit * 2, half * (1 - 2 ** -20), half]) {
        const network = createBias();
        network.parameters[3] = -largest;
        // A negative rate moves it away from the target.
        const row = { inputs: [0], targets: [0] };
        expect(train(network, [row], -rate)).toBe(rate === half);
        expect(network.parameters[3]).toBe(-largest);
      }
    });

    it("refuses a step that overflows, also after rows with bounded steps", () => {
      const [input, rate] = dtype === "float32" ? [2 ** 12 - 1, 2 ** 116] : [2 ** 26 - 1, 2 ** 998];
      const network = createNetwork({
        inputs: 1,
        hidden: [],
        outputs: 1,
        loss: "meanAbsoluteError",
        useBias: false,
      });
      network.parameters.fill(0);
      const rows = [
        { inputs: [0], targets: [0] },
        { inputs: [input], targets: [1] },
        { inputs: [1], targets: [largest] },
      ];
      expect(train(network, rows, rate)).toBe(true);
      expect([...network.parameters]).toEqual([input * rate]);
    });

    it("refuses every step while a parameter is infinite, also if no output depends on it", () => {
      const network = createNetwork({ ...shape, activation: "relu" });
      const row = { inputs: [0.5, -1, 2], targets: [5, 6, 7, 8, 9] };
      expect(train(network, [row], 0.1)).toBe(false);
      // Its input is positive, so the output of its unit is 0.
      network.parameters[0] = -Infinity;
      const before = network.parameters.slice();
      expect(train(network, [row], 0.1)).toBe(true);
      expect(firstDifference(network.parameters, before)).toBe(-1);
    });

    it("refuses the step of an infinite input, also if no output depends on it", () => {
      for (const infinite of [Infinity, -Infinity]) {
        for (let at = 0; at < 3; at++) {
          const network = createNetwork({ ...shape, activation: "relu" });
          // The input makes the output of every unit 0: the loss is finite, the gradient 0 · ∞.
          const parameters = network.parameters;
          for (let unit = 0; unit < 2; unit++) parameters[2 * at + unit] = infinite > 0 ? -1 : 1;
          const inputs = [0.5, -1, 2];
          inputs[at] = infinite;
          const before = parameters.slice();
          expect(train(network, [{ inputs, targets: [5, 6, 7, 8, 9] }], 0.1)).toBe(true);
          expect(firstDifference(network.parameters, before)).toBe(-1);
        }
      }
    });

    it("refuses a rate that is infinite in the dtype, for gradients of every size", () => {
      const network = createNetwork({ ...shape, loss: "meanSquaredError" });
      network.parameters.fill(0);
      const row = { inputs: [1, 2, 3], targets: Array(5).fill(1e-20) };
      expect(train(network, [row], dtype === "float32" ? 1e39 : Infinity)).toBe(true);
      expect(network.parameters.every((parameter) => parameter === 0)).toBe(true);
    });

    it("refuses a gradient that overflows, for every rate", () => {
      const network = createNetwork({ ...shape, loss: "meanSquaredError", useBias: false });
      network.parameters.fill(0).fill(1, 6);
      const big = dtype === "float32" ? 2 ** 62 : 2 ** 510;
      // The gradient of the kernel is −2·t·x·Σv = 2^(62 + 62 + 1 + …), which overflows in float32. The loss does not.
      const row = { inputs: [big * 2 ** 4, 0, 0], targets: floats(dtype, 5).fill(big / 2 ** 2) };
      expect([...gradientsOf(network, [row])].some((value) => !Number.isFinite(value))).toBe(true);
      const before = network.parameters.slice();
      expect(train(network, [row], 1 / largest)).toBe(true);
      expect(firstDifference(network.parameters, before)).toBe(-1);
    });
  });
});
