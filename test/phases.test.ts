import { beforeAll, describe, expect, it } from "vitest";
import type { ActivationName, FloatArray, LossName } from "../src/engine/engine.js";
import { ACTIVATIONS, LOSSES } from "../src/index.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, spread, wholeVectors } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

/** More parts than there are threads for, and than a narrow network has rows or columns to give. */
const COUNTS = [2, 3, 5, 16];

interface LayerOptions {
  readonly units: number;
  readonly activation: ActivationName;
  readonly useBias: boolean;
}

interface NetworkOptions {
  readonly inputs: number;
  readonly layers: readonly LayerOptions[];
  readonly loss: LossName;
}

const layer = (units: number, activation: ActivationName, useBias = true): LayerOptions => ({
  units,
  activation,
  useBias,
});

const NETWORKS: Record<string, NetworkOptions> = {
  "7-13-5-3": {
    inputs: 7,
    layers: [layer(13, "gelu"), layer(5, "tanh"), layer(3, "sigmoid")],
    loss: "meanSquaredError",
  },
  "1-1": { inputs: 1, layers: [layer(1, "linear")], loss: "huber" },
  "11-6-17-10, of a fused loss": {
    inputs: 11,
    layers: [layer(6, "relu"), layer(17, "softplus", false), layer(10, "softmax")],
    loss: "categoricalCrossentropy",
  },
  "12-33-4, without biases": {
    inputs: 12,
    layers: [layer(33, "silu", false), layer(4, "softmax", false)],
    loss: "meanAbsoluteError",
  },
};

describe.each(DTYPES)("the phases of a microbatch in %s", (dtype) => {
  const elementSize = dtype === "float32" ? 4 : 8;
  const suffix = dtype === "float32" ? "f32" : "f64";

  let assembly: Assembly;
  let region: Region;

  beforeAll(async () => {
    assembly = await compileAssembly("test/assembly/phases.ts");
    region = new Region(assembly, dtype);
  });

  function call(name: string, ...values: number[]): number {
    return assembly.exports[name]!(...values);
  }

  interface Laid {
    readonly address: number;
    readonly length: number;
    readonly parameters: number;
    readonly gradients: number;
    readonly parameterCount: number;
    readonly outputs: number;
    readonly outputAddress: number;
  }

  /** A network with parameters, in a cleared region; `isFoul`: NaN in every tensor that is to be written before it is read. */
  function lay({ inputs, layers, loss }: NetworkOptions, isFoul: boolean): Laid {
    region.clear();
    const words = [
      [1, elementSize, inputs, layers.length, LOSSES.indexOf(loss), 0, 0, 0],
      ...layers.map(({ units, activation, useBias }) => [
        units,
        ACTIVATIONS.indexOf(activation),
        Number(useBias),
        0,
        0,
        0,
      ]),
    ].flat();
    const description = region.putWords(Uint32Array.from(words));
    new DataView(assembly.memory.buffer).setFloat64(description + 24, 0.25, true);
    const length = call("network_size", description) / elementSize;
    const address = region.put(floats(dtype, length));
    expect(call("network_lay", address, description)).toBe(address + length * elementSize);
    const laid: Laid = {
      address,
      length,
      parameters: call("network_parameters", address),
      gradients: call("network_gradients", address),
      parameterCount: call("network_parameter_count", address),
      outputs: layers.at(-1)!.units,
      outputAddress: call("network_outputs", address),
    };
    region.view(laid.parameters, laid.parameterCount).set(spread(laid.parameterCount, -0.8, 0.8, 0.3));
    if (isFoul) {
      region.view(laid.gradients, laid.parameterCount).fill(Number.NaN);
      const scratch = call("network_scratch", address);
      region.view(scratch, (call("network_scratch_end", address) - scratch) / elementSize).fill(Number.NaN);
    }
    return laid;
  }

  function expectGuards({ address, length }: Laid): void {
    const { guard, guards } = guardOf(dtype);
    const around = region.guarded(address, length);
    expect([...around.subarray(0, guards), ...around.subarray(-guards)]).toEqual(
      Array(2 * guards).fill(guard),
    );
  }

  /** [outputs, rows], without what the tensor holds beyond the rows. */
  function outputsOf({ outputs, outputAddress }: Laid, rows: number): FloatArray {
    const stride = rows === 1 ? 1 : wholeVectors(dtype, rows);
    const tensor = region.view(outputAddress, outputs * stride);
    return tensor.filter((_, at) => at % stride < rows);
  }

  interface Learnt {
    readonly loss: FloatArray;
    readonly parameters: FloatArray;
    readonly gradients: FloatArray;
    readonly outputs: FloatArray;
  }

  function learn(
    options: NetworkOptions,
    rows: number,
    descends: boolean,
    count: number,
    { isFoul = false, ordered = false } = {},
  ): Learnt {
    const laid = lay(options, isFoul);
    const { address, parameterCount, outputs } = laid;
    const inputs = region.put(spread(rows * options.inputs, -1, 1, 0.7));
    const targets = region.put(spread(rows * outputs, 0, 1, 0.4));
    const order = ordered ? region.putWords(Uint32Array.from({ length: rows }, (_, i) => rows - 1 - i)) : 0;
    const samples = region.putWords(Uint32Array.of(inputs, targets, order, rows));
    const loss = call(`learn_in_parts_${suffix}`, address, samples, 0.3, Number(descends), count);
    expectGuards(laid);
    return {
      loss: Float64Array.of(loss),
      parameters: region.view(laid.parameters, parameterCount).slice(),
      gradients: region.view(laid.gradients, parameterCount).slice(),
      outputs: outputsOf(laid, rows % 128 || 128),
    };
  }

  /** Whether anything is written where the gradients are: the step of a single row goes without. */
  function keepsGradients(rows: number, descends: boolean): boolean {
    return rows > 1 || !descends;
  }

  /** Which of the results differ first, and where, or "". */
  function difference(actual: Learnt, expected: Learnt): string {
    for (const name of ["outputs", "loss", "gradients", "parameters"] as const) {
      const at = firstDifference(actual[name], expected[name]);
      if (at >= 0) return `${name}[${at}]: ${actual[name][at]}, expected ${expected[name][at]}`;
    }
    return "";
  }

  describe.each(Object.entries(NETWORKS))("of the network %s", (_, options) => {
    it.each([1, 2, 5, 31, 32, 33, 100, 128, 129, 300])(
      "have the same bits in any number of parts, in any order, %i rows",
      (rows) => {
        for (const [descends, ordered] of [
          [false, true],
          [true, false],
        ] as const) {
          const whole = learn(options, rows, descends, 1, { ordered });
          expect(whole.outputs.length).toBe(options.layers.at(-1)!.units * (rows % 128 || 128));
          if (keepsGradients(rows, descends)) expect(whole.gradients.some((value) => value !== 0)).toBe(true);
          expect(whole.parameters.every(Number.isFinite)).toBe(true);
          for (const count of COUNTS) {
            const parts = learn(options, rows, descends, count, { ordered });
            expect(difference(parts, whole), `${count} parts, descends: ${descends}`).toBe("");
          }
        }
      },
    );

    it("leave the parameters to a step alone, which keeps what they were, but of one row, in place of gradients", () => {
      for (const rows of [1, 33, 129, 300]) {
        const { parameterCount, parameters } = lay(options, false);
        const initial = region.view(parameters, parameterCount).slice();
        const asked = learn(options, rows, false, 1);
        const stepped = learn(options, rows, true, 1);
        expect(firstDifference(asked.parameters, initial)).toBe(-1);
        const kept = keepsGradients(rows, true) ? initial : floats(dtype, parameterCount);
        expect(firstDifference(stepped.gradients, kept)).toBe(-1);
        expect(firstDifference(stepped.parameters, initial)).not.toBe(-1);
      }
    });

    it("read of their tensors what they have written alone", () => {
      for (const rows of [1, 2, 5, 31, 128, 130]) {
        for (const descends of [false, true]) {
          for (const count of [1, 3]) {
            const clean = learn(options, rows, descends, count);
            const foul = learn(options, rows, descends, count, { isFoul: true });
            if (!keepsGradients(rows, descends)) foul.gradients.set(clean.gradients);
            expect(difference(foul, clean), `${rows} rows, ${count} parts`).toBe("");
          }
        }
      }
    });
  });

  describe("of a single row", () => {
    const forward = (options: NetworkOptions, rows: FloatArray, isFoul = false) => {
      const laid = lay(options, isFoul);
      const count = rows.length / options.inputs;
      call(`forward_in_parts_${suffix}`, laid.address, region.put(rows), count, 1);
      expectGuards(laid);
      return outputsOf(laid, count);
    };

    // Around one vector of units, two, and the four that are summed side by side.
    it.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65])(
      "have the bits that the row has among others, through %i units",
      (units) => {
        for (const [useBias, last] of [
          [true, layer(units, "softmax")],
          [false, layer(units, "linear", false)],
          [true, layer(3, "tanh")],
        ] as const) {
          const options: NetworkOptions = {
            inputs: 6,
            layers: [layer(units, "gelu", useBias), last],
            loss: "meanSquaredError",
          };
          const count = 7;
          const inputs = floats(dtype, spread(count * options.inputs, -2, 2, 0.1));
          const together = forward(options, inputs);
          for (let row = 0; row < count; row++) {
            const own = inputs.subarray(row * options.inputs, (row + 1) * options.inputs);
            const expected = together.filter((_, at) => at % count === row);
            expect(firstDifference(forward(options, own), expected), `row ${row}`).toBe(-1);
            // What lies behind the kernel, where whole vectors of units end, comes into nothing.
            expect(firstDifference(forward(options, own, true), expected), `row ${row}, NaN`).toBe(-1);
          }
        }
      },
    );
  });
});
