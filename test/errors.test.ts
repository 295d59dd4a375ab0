import { describe, expect, it } from "vitest";
import {
  BackpropError,
  constant,
  createNetwork,
  dense,
  type FitOptions,
  type History,
  type Network,
  type NetworkOptions,
  sgd,
} from "../src/index.js";
import { errorOf, rejectionOf } from "./support/errorOf.js";
import { bitsOf, spread } from "./support/floats.js";
import { permutation } from "./support/permutation.js";

function parametersOf(network: Network): number[] {
  return network.parameters.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]);
}

function rowsOf(data: readonly number[], width: number): number[][] {
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width));
}

describe("BackpropError", () => {
  it("is an Error with a code, and optionally a cause, an epoch and a history", () => {
    const history: History = {
      loss: [1, 2],
      validationLoss: [],
      learningRate: [0.1, 0.1],
      milliseconds: [3, 4],
      stopped: "diverged",
      bestEpoch: undefined,
      warnings: [],
    };
    const cause = new Error("cause");
    const error = new BackpropError("diverged", "It diverged.", { cause, epoch: 2, history });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "BackpropError",
      code: "diverged",
      message: "It diverged.",
      epoch: 2,
      history,
    });
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe("BackpropError: It diverged.");
    expect("cause" in new BackpropError("busy", "It is busy.")).toBe(false);
    expect(new BackpropError("aborted", "It was aborted.", { cause: undefined })).toHaveProperty(
      "cause",
      undefined,
    );
  });
});

/** The expected result of a fit that diverges. */
interface Outcome {
  readonly parameters: number[];
  readonly losses: number[];
  readonly epoch: number;
}

/**
 * Does the training of fit() by gradients() and applyGradients(), up to the first loss or parameter that is not finite.
 * `seed` is the key of the network's shuffling.
 */
function trainByHand(
  network: Network,
  seed: number,
  inputs: readonly number[][],
  targets: readonly number[][],
  { epochs = 1, batchSize = 32, shuffle = true }: FitOptions,
): Outcome {
  const losses: number[] = [];
  const isOrdered = shuffle && batchSize < inputs.length;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = isOrdered ? permutation(inputs.length, seed, epoch) : inputs.map((_, i) => i);
    let sum = 0;
    for (let row = 0; row < inputs.length; row += batchSize) {
      const batch = Array.from(order.slice(row, row + batchSize));
      const parameters = parametersOf(network);
      const of = [batch.map((i) => inputs[i]!), batch.map((i) => targets[i]!)] as const;
      const { loss, layers } = network.gradients(...of);
      sum += loss * batch.length;
      if (!Number.isFinite(sum)) return { parameters, losses, epoch };
      try {
        network.applyGradients(layers);
      } catch {
        // applyGradients() refuses gradients that are not finite. They would have made parameters so.
        return { parameters, losses, epoch };
      }
      if (!parametersOf(network).every(Number.isFinite)) return { parameters, losses, epoch };
    }
    losses.push(sum / inputs.length);
  }
  return expect.fail("it does not diverge");
}

describe("a fit that diverges", () => {
  const inputs = rowsOf(spread(10 * 2, -2, 2), 2);
  const targets = inputs.map(([a = 0, b = 0]) => [a - 2 * b]);
  const regression = (changes: Partial<NetworkOptions> = {}) =>
    createNetwork({
      inputs: 2,
      layers: [dense(3, "tanh"), dense(4, "relu"), dense(1)],
      loss: "meanSquaredError",
      optimizer: sgd({ learningRate: 3 }),
      dtype: "float64",
      seed: 5,
      ...changes,
    });
  const linear = (learningRate: number, changes: Partial<NetworkOptions> = {}) =>
    regression({ layers: [dense(1)], optimizer: sgd({ learningRate }), ...changes });

  const cases: [string, () => Partial<NetworkOptions>, FitOptions][] = [
    ["all rows a step", () => ({}), { epochs: 5000, batchSize: 10 }],
    ["in batches as they lie", () => ({}), { epochs: 5000, batchSize: 3, shuffle: false }],
    ["in shuffled batches", () => ({}), { epochs: 5000, batchSize: 3 }],
    ["in shuffled batches of one", () => ({}), { epochs: 5000, batchSize: 1 }],
    ["in float32", () => ({ dtype: "float32" }), { epochs: 5000, batchSize: 3 }],
    [
      "slowly",
      () => ({ layers: [dense(1)], optimizer: sgd({ learningRate: 0.9 }) }),
      { epochs: 9000, batchSize: 4 },
    ],
    ["at once", () => ({ optimizer: sgd({ learningRate: 1e200 }) }), { epochs: 9, batchSize: 4 }],
  ];

  it.each(cases)(
    "keeps the last finite parameters and the finished epochs, %s",
    async (_, changes, options) => {
      const twin = await regression(changes());
      const expected = trainByHand(twin, 5, inputs, targets, options);
      expect(expected.parameters.every(Number.isFinite)).toBe(true);
      for (const fit of ["fit", "fitSync"] as const) {
        const network = await regression(changes());
        const train = async () =>
          fit === "fit" ? network.fit(inputs, targets, options) : network.fitSync(inputs, targets, options);
        const error = await rejectionOf(train());
        expect(error).toMatchObject({
          code: "diverged",
          epoch: expected.epoch,
          message: expect.stringContaining(
            `in epoch ${expected.epoch} of ${options.epochs} (counted from 0)`,
          ),
        });
        expect(bitsOf(parametersOf(network))).toBe(bitsOf(expected.parameters));
        expect(error.history?.loss.length).toBe(expected.epoch);
        error.history?.loss.forEach((loss, epoch) => {
          expect(Math.abs(loss / expected.losses[epoch]! - 1)).toBeLessThan(1e-6);
        });
        network.dispose();
      }
      twin.dispose();
    },
  );

  it("keeps finite parameters if only the loss is infinite", async () => {
    const network = await linear(1e30);
    const error = errorOf(() => network.fitSync([[1, 0]], [[1]], { epochs: 100 }));
    expect(error.message).toBe(
      `The loss became Infinity in epoch ${error.epoch} of 100 (counted from 0), batch 0 of 1; the outputs of all ` +
        "layers are finite. The parameters and the optimizer's state are finite, but the loss that they give is not. Replace " +
        "them by setParameters and resetOptimizer, or create the network again. Try a smaller learningRate than 1e+30, " +
        "or scale the data.",
    );
    expect(error.epoch).toBeGreaterThan(2);
    expect(Math.abs(network.parameters[0]!.kernel.data[0]!)).toBeGreaterThan(1e150);
    expect(network.evaluate([[1, 0]], [[1]]).loss).toBe(Infinity);
    network.dispose();
  });

  /**
   * Steps of 10³⁰⁸, or of the rate in `changes`, towards a distant target. The second step would make the kernel
   * infinite, although the loss and the gradient are finite.
   */
  const overflowing = (changes: Partial<NetworkOptions> = {}) =>
    createNetwork({
      inputs: 1,
      layers: [dense(1, "linear", { useBias: false, kernelInitializer: constant(0) })],
      loss: "meanAbsoluteError",
      optimizer: sgd({ learningRate: 1e308 }),
      dtype: "float64",
      ...changes,
    });

  it("keeps the last finite parameters if an update would make one infinite", async () => {
    const network = await overflowing();
    const error = errorOf(() => network.fitSync([[1]], [[-1.7e308]], { epochs: 10 }));
    // The first step leads to −1e308, above the target. The second would lead to −2e308, which is infinite.
    expect(error).toMatchObject({ code: "diverged", epoch: 1, history: { loss: [1.7e308] } });
    expect([...network.parameters[0]!.kernel.data]).toEqual([-1e308]);
  });

  it.each([1, 3])(
    "keeps the last finite parameters if an update in the middle of an epoch would make one infinite, batches of %i",
    async (batchSize) => {
      // Steps of up to 10³⁷ towards targets near the largest float32.
      const changes = () => ({
        dtype: "float32" as const,
        optimizer: sgd({ learningRate: 1.2e37 }),
        seed: 5,
      });
      const some = spread(10, 0.1, 1).map((x) => [x]);
      const far = some.map(() => [-3.4e38]);
      const options = { epochs: 100, batchSize };
      const twin = await overflowing(changes());
      const expected = trainByHand(twin, 5, some, far, options);
      expect(expected.epoch).toBeGreaterThan(1);
      const network = await overflowing(changes());
      const error = errorOf(() => network.fitSync(some, far, options));
      expect(error).toMatchObject({ code: "diverged", epoch: expected.epoch });
      expect(error.history?.loss.length).toBe(expected.epoch);
      expect(bitsOf(parametersOf(network))).toBe(bitsOf(expected.parameters));
    },
  );

  it("keeps the last finite parameters if the last update would make one infinite", async () => {
    const network = await overflowing();
    const error = errorOf(() => network.fitSync([[1]], [[-1.7e308]], { epochs: 2 }));
    expect(error).toMatchObject({ code: "diverged", epoch: 1, history: { loss: [1.7e308] } });
    expect(error.message).toBe(
      "An update would have made a parameter or a value of the optimizer's state NaN or infinite in epoch 1 " +
        "of 2 (counted from 0), batch 0 of 1; the largest gradient is that of layer 0. That update was not made: the " +
        "network keeps the parameters, and the optimizer its state, from before it. Try a smaller learningRate than " +
        "1e+308, or scale the data.",
    );
    expect([...network.parameters[0]!.kernel.data]).toEqual([-1e308]);
  });

  it("finds an infinite parameter although every later loss would be finite", async () => {
    // The first step takes the hidden kernel to −∞, where relu is 0: every later loss is finite.
    const layers = [
      dense(1, "relu", { useBias: false, kernelInitializer: constant(1e-10) }),
      dense(1, "linear", { useBias: false, kernelInitializer: constant(1) }),
    ];
    const loss = { name: "meanAbsoluteError", reduction: "sum" } as const;
    const network = await overflowing({ layers, loss, optimizer: sgd({ learningRate: 1.7e308 }) });
    const error = errorOf(() => network.fitSync([[1], [1]], [[-1], [-1]], { epochs: 50 }));
    expect(error).toMatchObject({ code: "diverged", epoch: 0, history: { loss: [] } });
    expect(error.message).toContain("NaN or infinite in epoch 0 of 50");
    expect(parametersOf(network)).toEqual([1e-10, 1]);
  });

  it("keeps the last finite parameters after many time slices", async () => {
    // The kernel grows by 0.02 % a step. Its square overflows after more than 100 000 steps and many time slices.
    const options = { epochs: 2_000_000, batchSize: 1, shuffle: false };
    const changes = {
      layers: [dense(1, "linear", { useBias: false, kernelInitializer: constant(1) })],
      inputs: 1,
    };
    const network = await linear(1.0002, changes);
    const error = await rejectionOf(network.fit([[1]], [[0]], options));
    const epoch = error.epoch!;
    expect(epoch).toBeGreaterThan(100_000);
    expect(error.history?.loss.length).toBe(epoch);
    const twin = await linear(1.0002, changes);
    const { loss } = twin.fitSync([[1]], [[0]], { ...options, epochs: epoch });
    expect(bitsOf(parametersOf(network))).toBe(bitsOf(parametersOf(twin)));
    expect(bitsOf(error.history!.loss)).toBe(bitsOf(loss));
    expect(twin.evaluate([[1]], [[0]]).loss).toBe(Infinity);
  });

  it.each(["fit", "applyGradients"] as const)(
    "names a NaN or infinity that was written through a view, in %s",
    async (use) => {
      for (const [value, layer, index] of [
        [Number.NaN, 0, 3],
        [-Infinity, 2, 1],
      ] as const) {
        const network = await regression();
        const gradients = network.gradients(inputs, targets).layers;
        network.parameters[layer]!.kernel.data[index] = value;
        const error = await rejectionOf(
          (async () => (use === "fit" ? network.fit(inputs, targets) : network.applyGradients(gradients)))(),
        );
        expect(error.code).toBe("diverged");
        expect(error.message).toContain(
          `parameters[${layer}].kernel.data[${index}] is ${value}. No update makes a parameter NaN or infinite: ` +
            "it was written through a view of network.parameters. Replace the parameters by setParameters.",
        );
        expect(error.message).not.toContain("keeps the parameters");
        network.dispose();
      }
    },
  );

  it("advises to scale inputs that are large", async () => {
    const bytes = { data: Uint8Array.from(spread(10 * 2, 0, 256)), shape: [10, 2] };
    const network = await linear(0.1);
    const largest = Math.max(...bytes.data);
    expect(errorOf(() => network.fitSync(bytes, targets, { epochs: 1000 })).message).toMatch(
      new RegExp(`The inputs reach ${largest}: scale them to about -1 to 1, such as x / 255 for bytes\\.$`),
    );
    network.dispose();
  });

  it("leaves a network that can be trained further", async () => {
    const network = await regression({ optimizer: sgd({ learningRate: 0.01 }) });
    network.parameters[2]!.kernel.data[0] = 1e200;
    await rejectionOf(network.fit(inputs, targets, { epochs: 50 }));
    network.parameters[2]!.kernel.data[0] = 0.1;
    const history = await network.fit(inputs, targets, { epochs: 50 });
    expect(history.loss.at(-1)).toBeLessThan(history.loss[0]!);
  });
});

describe("a fit that is aborted", () => {
  const inputs = rowsOf(spread(20 * 2), 2);
  const targets = inputs.map(([a = 0, b = 0]) => [a * b]);
  const create = () =>
    createNetwork({
      inputs: 2,
      layers: [dense(4, "tanh"), dense(1)],
      loss: "meanSquaredError",
      dtype: "float64",
    });
  /** One step per epoch, so that an aborted fit has trained a whole number of epochs. */
  const options = { batchSize: 20, shuffle: false };

  it("trains nothing if it was aborted before it began", async () => {
    const network = await create();
    const before = bitsOf(parametersOf(network));
    const reason = new Error("never mind");
    const error = await rejectionOf(
      network.fit(inputs, targets, { ...options, epochs: 5, signal: AbortSignal.abort(reason) }),
    );
    expect(error).toMatchObject({ code: "aborted", epoch: 0, history: { loss: [] } });
    expect(error.message).toBe(
      "The training was aborted in epoch 0 of 5 (counted from 0). The network keeps what was trained until then.",
    );
    expect(error.cause).toBe(reason);
    expect(bitsOf(parametersOf(network))).toBe(before);
  });

  const aborts: [string, (controller: AbortController) => { abort(): void; begin(): void }][] = [
    ["in onProgress", (controller) => ({ abort: () => controller.abort("enough"), begin: () => {} })],
    [
      "by a timer",
      (controller) => ({
        abort: () => {},
        begin: () => {
          setTimeout(() => controller.abort("enough"), 30);
        },
      }),
    ],
  ];

  it.each(aborts)("%s keeps the finished epochs, and the network can be trained further", async (_, make) => {
    const controller = new AbortController();
    const { abort, begin } = make(controller);
    const network = await create();
    begin();
    const error = await rejectionOf(
      network.fit(inputs, targets, {
        ...options,
        epochs: 1_000_000,
        signal: controller.signal,
        onProgress: ({ epoch }) => {
          if (epoch > 10) abort();
        },
      }),
    );
    expect(error).toMatchObject({ code: "aborted", cause: "enough" });
    const epoch = error.epoch!;
    expect(epoch).toBeGreaterThan(10);
    expect(error.message).toContain(`in epoch ${epoch} of 1000000`);

    const twin = await create();
    const history = twin.fitSync(inputs, targets, { ...options, epochs: epoch });
    expect(bitsOf(parametersOf(network))).toBe(bitsOf(parametersOf(twin)));
    expect(bitsOf(error.history!.loss)).toBe(bitsOf(history.loss));

    const more = await network.fit(inputs, targets, { ...options, epochs: 7 });
    const moreOfTwin = twin.fitSync(inputs, targets, { ...options, epochs: 7 });
    expect(bitsOf(more.loss)).toBe(bitsOf(moreOfTwin.loss));
    expect(bitsOf(parametersOf(network))).toBe(bitsOf(parametersOf(twin)));
  });

  it("resolves if it was aborted after its last epoch", async () => {
    const controller = new AbortController();
    const network = await create();
    const history = await network.fit(inputs, targets, {
      ...options,
      signal: controller.signal,
      onProgress: ({ epoch }) => {
        if (epoch === 1) controller.abort();
      },
    });
    expect(history.loss.length).toBe(1);
  });

  it("lets timers run during training", async () => {
    const controller = new AbortController();
    const network = await create();
    let ticks = 0;
    const timer = setInterval(() => {
      ticks++;
      if (ticks >= 5) controller.abort();
    }, 1);
    await rejectionOf(network.fit(inputs, targets, { epochs: 1_000_000, signal: controller.signal }));
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(5);
  });
});
