import { beforeAll, describe, expect, it } from "vitest";
import { StatusNumber } from "../src/abi/structs.js";
import {
  adam,
  batchNorm,
  checkGradients,
  createNetwork,
  type DType,
  dense,
  dropout,
  type Layer,
  type LayerValues,
  layerNorm,
  type Network,
  type Optimizer,
  prelu,
  rmsprop,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, floats, spread } from "./support/floats.js";
import { describeProperties } from "./support/layerProperties.js";
import { OPTIMIZERS } from "./support/optimizers.js";
import { valuesOf } from "./support/parameters.js";

type AnyNetwork = Network<readonly Layer[]>;

const ROWS = 7;
const INPUTS = 3;
const OUTPUTS = 2;

/** Ranges that begin and end inside of vectors, and several ranges in one vector. */
const FROZEN: readonly boolean[] = [false, true, false, true, true, false, true];
const FROZEN_LAST: readonly boolean[] = [true, false, true, false, false, true, false];

function layersOf(frozen: readonly boolean[]): Layer[] {
  const trainable = frozen.map((isFrozen) => !isFrozen);
  return [
    dense(5, "tanh", { trainable: trainable[0]! }),
    prelu({ trainable: trainable[1]! }),
    dense(1, "linear", { trainable: trainable[2]!, useBias: false }),
    prelu({ trainable: trainable[3]! }),
    prelu({ trainable: trainable[4]! }),
    prelu({ trainable: trainable[5]! }),
    dense(OUTPUTS, "linear", { trainable: trainable[6]! }),
  ];
}

async function create(
  layers: readonly Layer[],
  dtype: DType = "float64",
  optimizer: Optimizer = sgd({ learningRate: 0.1 }),
  options: object = {},
): Promise<AnyNetwork> {
  return createNetwork<readonly Layer[]>({
    inputs: INPUTS,
    layers,
    loss: "meanSquaredError",
    optimizer,
    dtype,
    ...options,
  });
}

function samplesOf(dtype: DType) {
  return {
    inputs: { data: floats(dtype, spread(ROWS * INPUTS)), shape: [ROWS, INPUTS] },
    targets: { data: floats(dtype, spread(ROWS * OUTPUTS, -2, 2, 0.2)), shape: [ROWS, OUTPUTS] },
  };
}

/** The bits of the layers that are frozen, or of those that are not. */
function bitsWhere(layers: AnyNetwork["parameters"], frozen: readonly boolean[], isFrozen: boolean): string {
  return bitsOf(valuesOf(layers.filter((_, i) => frozen[i] === isFrozen)));
}

/** Takes a step in both with the gradients of the first. */
function stepBoth(one: AnyNetwork, other: AnyNetwork, dtype: DType): void {
  const { inputs, targets } = samplesOf(dtype);
  const gradients = one.gradients(inputs, targets).layers as unknown as LayerValues[];
  one.applyGradients(gradients);
  other.applyGradients(gradients);
}

describe.each(DTYPES)("a frozen layer of %s", (dtype) => {
  describe.each(Object.entries(OPTIMIZERS))("with the optimizer %s", (_, optimizer) => {
    it.each([
      ["the odd layers", FROZEN],
      ["the even layers", FROZEN_LAST],
    ])(
      "keeps its parameters and average, and the others take the steps they would take without it: %s",
      async (_, frozen) => {
        const network = await create(layersOf(frozen), dtype, optimizer);
        const fitted = await create(layersOf(frozen), dtype, optimizer);
        const free = await create(layersOf(frozen.map(() => false)), dtype, optimizer);
        const before = bitsWhere(network.parameters, frozen, true);
        const begin = bitsWhere(network.parameters, frozen, false);
        const { inputs, targets } = samplesOf(dtype);
        for (let step = 0; step < 4; step++) {
          stepBoth(network, free, dtype);
          fitted.fitSync(inputs, targets, { batchSize: ROWS });
        }
        expect(bitsWhere(network.parameters, frozen, true)).toBe(before);
        expect(bitsWhere(network.averagedParameters, frozen, true)).toBe(before);
        expect(bitsWhere(network.parameters, frozen, false)).not.toBe(begin);
        for (const name of ["parameters", "averagedParameters"] as const) {
          expect(bitsWhere(network[name], frozen, false)).toBe(bitsWhere(free[name], frozen, false));
          expect(bitsOf(valuesOf(fitted[name]))).toBe(bitsOf(valuesOf(network[name])));
        }
        for (const each of [network, fitted, free]) each.dispose();
      },
    );
  });

  it("keeps what the optimizer keeps for it until it is trainable again", async () => {
    for (const optimizer of [
      sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1, ema: 0.7 }),
      rmsprop({ centered: true, momentum: 0.5, ema: 0.9 }),
    ]) {
      const none = FROZEN.map(() => false);
      const [network, other] = [
        await create(layersOf(none), dtype, optimizer),
        await create(layersOf(none), dtype, optimizer),
      ];
      for (let step = 0; step < 3; step++) stepBoth(network, other, dtype);
      FROZEN.forEach((isFrozen, i) => {
        network.setTrainable(i, !isFrozen);
      });
      const { inputs, targets } = samplesOf(dtype);
      network.fitSync(inputs, targets, { epochs: 3, batchSize: 2 });
      for (const i of FROZEN.keys()) network.setTrainable(i, true);
      stepBoth(network, other, dtype);
      for (const name of ["parameters", "averagedParameters"] as const) {
        expect(bitsWhere(network[name], FROZEN, true)).toBe(bitsWhere(other[name], FROZEN, true));
        expect(bitsWhere(network[name], FROZEN, false)).not.toBe(bitsWhere(other[name], FROZEN, false));
      }
      for (const each of [network, other]) each.dispose();
    }
  });

  it("has gradients of 0, and does not change those of the other layers", async () => {
    const { inputs, targets } = samplesOf(dtype);
    const [frozen, free] = [
      await create(layersOf(FROZEN), dtype),
      await create(layersOf(FROZEN.map(() => false)), dtype),
    ];
    // Gradients that are given for it are ignored, and do not stay.
    frozen.applyGradients(free.gradients(inputs, targets).layers as unknown as LayerValues[]);
    frozen.setParameters(free.parameters as unknown as LayerValues[]);
    const { layers, loss } = frozen.gradients(inputs, targets);
    const expected = free.gradients(inputs, targets);
    expect(loss).toBe(expected.loss);
    expect(bitsWhere(layers, FROZEN, false)).toBe(bitsWhere(expected.layers, FROZEN, false));
    expect(valuesOf(layers.filter((_, i) => FROZEN[i])).every((value) => value === 0)).toBe(true);
    for (const each of [frozen, free]) each.dispose();
  });

  it("does not change in steps of single rows, and the others take the steps of gradients and applyGradients", async () => {
    const layers = [dense(5, "tanh"), dense(3, "tanh", { trainable: false }), dense(OUTPUTS)];
    const [fitted, stepped] = [await create(layers, dtype), await create(layers, dtype)];
    const { inputs, targets } = samplesOf(dtype);
    fitted.fitSync(inputs, targets, { batchSize: 1, shuffle: false });
    for (let row = 0; row < ROWS; row++) {
      const x = { data: inputs.data.slice(row * INPUTS, (row + 1) * INPUTS), shape: [1, INPUTS] };
      const y = { data: targets.data.slice(row * OUTPUTS, (row + 1) * OUTPUTS), shape: [1, OUTPUTS] };
      stepped.applyGradients(stepped.gradients(x, y).layers as unknown as LayerValues[]);
    }
    expect(bitsOf(valuesOf(fitted.parameters))).toBe(bitsOf(valuesOf(stepped.parameters)));
    for (const each of [fitted, stepped]) each.dispose();
  });

  it("still adds its penalty to the loss, but not to the gradients", async () => {
    const { inputs, targets } = samplesOf(dtype);
    const penalties = { kernelL1: 0.1, biasL2: 0.5 };
    const [frozen, free] = await Promise.all(
      [false, true].map((trainable) =>
        create([dense(OUTPUTS, "linear", { ...penalties, trainable })], dtype),
      ),
    );
    expect(frozen!.evaluate(inputs, targets)).toEqual(free!.evaluate(inputs, targets));
    const { layers, loss } = frozen!.gradients(inputs, targets);
    expect(loss).toBe(free!.gradients(inputs, targets).loss);
    expect(valuesOf(layers).every((value) => value === 0)).toBe(true);
    for (const each of [frozen!, free!]) each.dispose();
  });
});

describeProperties("frozen layers", {
  inputs: 64,
  layers: (units) => [
    dense(60, "tanh"),
    dense(units, "tanh", { trainable: false }),
    prelu({ trainable: false }),
  ],
});

describeProperties("frozen layers before all others", {
  inputs: 64,
  layers: (units) => [dense(units, "tanh", { trainable: false }), prelu({ trainable: false })],
});

describe("a frozen norm", () => {
  it.each([layerNorm({ trainable: false }), batchNorm({ trainable: false })])(
    "keeps gamma and beta, while the layers beside it are trained: $kind",
    async (norm) => {
      const network = await create([dense(5, "tanh"), norm, dense(OUTPUTS)], "float64", adam());
      const { inputs, targets } = samplesOf("float64");
      const before = network.parameters.map((layer) => bitsOf(valuesOf([layer])));
      network.fitSync(inputs, targets, { epochs: 3, batchSize: ROWS });
      const isSame = network.parameters.map((layer, i) => bitsOf(valuesOf([layer])) === before[i]);
      expect(isSame).toEqual([false, true, false]);
      if (norm.kind === "batchNorm")
        expect(network.buffers[1]!.runningMean!.data.some((x) => x !== 0)).toBe(true);
      network.dispose();
    },
  );
});

describe("a network of frozen layers", () => {
  it("is not changed by training, and reports its loss", async () => {
    const network = await create(
      [dense(4, "tanh", { trainable: false }), dense(OUTPUTS, "linear", { trainable: false })],
      "float64",
      adam(),
    );
    const { inputs, targets } = samplesOf("float64");
    const { loss } = network.evaluate(inputs, targets);
    const before = bitsOf(valuesOf(network.parameters));
    expect(network.fitSync(inputs, targets, { epochs: 3, batchSize: ROWS }).loss).toEqual([loss, loss, loss]);
    expect(bitsOf(valuesOf(network.parameters))).toBe(before);
    network.dispose();
  });
});

describe("setTrainable", () => {
  it("freezes a layer as its option does, and checkGradients holds for it", async () => {
    const [network, expected] = [
      await create(layersOf(FROZEN.map(() => false))),
      await create(layersOf(FROZEN)),
    ];
    FROZEN.forEach((isFrozen, i) => {
      network.setTrainable(i, !isFrozen);
    });
    const { inputs, targets } = samplesOf("float64");
    for (const each of [network, expected]) {
      each.fitSync(inputs, targets, { epochs: 3, batchSize: 3 });
      expect(checkGradients(each, inputs, targets).largestError).toBeLessThan(1e-7);
    }
    expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(expected.parameters)));
    for (const each of [network, expected]) each.dispose();
  });

  it("throws busy during a fit, and disposed after dispose()", async () => {
    const network = await create([dense(OUTPUTS)]);
    const { inputs, targets } = samplesOf("float64");
    const fit = network.fit(inputs, targets);
    expect(errorOf(() => network.setTrainable(0, false)).code).toBe("busy");
    await fit;
    network.dispose();
    expect(errorOf(() => network.setTrainable(0, false)).code).toBe("disposed");
  });

  it("throws invalidOption for a layer that does not exist and for another type, and changes nothing for dropout", async () => {
    const network = await create([dropout(0.5), dense(OUTPUTS)]);
    const set = network.setTrainable.bind(network) as (index: unknown, trainable: unknown) => void;
    expect(errorOf(() => set(2, false)).message).toBe("index is 2; expected an integer from 0 to 1.");
    expect(errorOf(() => set("1", false)).message).toBe('index is "1"; expected an integer from 0 to 1.');
    expect(errorOf(() => set(1, 0)).message).toBe("trainable is 0; expected a boolean.");
    set(0, false);
    const { inputs, targets } = samplesOf("float64");
    const before = valuesOf(network.parameters);
    network.fitSync(inputs, targets);
    expect(valuesOf(network.parameters)).not.toEqual(before);
    network.dispose();
  });

  it.each([() => dense(2, "relu", { trainable: 1 as never }), () => prelu({ trainable: "no" as never })])(
    "has an option that must be a boolean: %s",
    (make) => {
      expect(errorOf(make).message).toMatch(/^trainable is .+; expected a boolean\.$/);
    },
  );
});

describe("network_set_trainable", () => {
  let core: Core;

  beforeAll(async () => {
    core = await sharedCore();
  });

  it.each([
    ["a layer that does not exist", "f32", (network: number) => [network, 1, 0], "UnknownLayer"],
    ["a flag of 2", "f32", (network: number) => [network, 0, 2], "InvalidFlag"],
    ["the other dtype", "f64", (network: number) => [network, 0, 0], "WrongElementType"],
    ["an address of 0", "f32", () => [0, 0, 0], "InvalidAddress"],
    [
      "an address that is not a multiple of 64",
      "f32",
      (network: number) => [network + 8, 0, 0],
      "InvalidAddress",
    ],
  ] as const)("refuses %s", (_what, suffix, values, status) => {
    const network = new CoreNetwork(core, {
      dtype: "float32",
      inputs: 2,
      layers: [dense(1)],
      loss: { name: "huber" },
    });
    const [address, layer, flag] = values(network.address) as [number, number, number];
    expect(core.exports[`network_set_trainable_${suffix}`](address, layer, flag)).toBe(StatusNumber[status]);
    network.dispose();
  });
});
