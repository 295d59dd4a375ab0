import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  type ActivationName,
  createNetwork,
  type DType,
  dense,
  type FitOptions,
  type Loss,
  type Network,
  type NetworkOptions,
  sgd,
  uniform,
} from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { bitsOf, DTYPES, floats, spread } from "./support/floats.js";
import { baselineOf, parametersOf, shuffledOrders } from "./support/oracle.js";

function parameterBits(network: Network): string {
  return bitsOf(parametersOf(network));
}

function rowsOf(data: readonly number[], width: number): number[][] {
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width));
}

const inputs = rowsOf(spread(101 * 3, -1, 1), 3);
const targets = inputs.map(([a = 0, b = 0, c = 0]) => [Math.sin(3 * a) * b, c * c - a]);

const REGRESSION: NetworkOptions = {
  inputs: 3,
  layers: [dense(7, "tanh"), dense(5, "gelu"), dense(2)],
  loss: "meanSquaredError",
  optimizer: sgd({ learningRate: 0.1 }),
  dtype: "float64",
};

function regression(options: Partial<NetworkOptions> = {}): Promise<Network> {
  return createNetwork({ ...REGRESSION, ...options });
}

describe("training and the TypeScript baseline", () => {
  const tasks: [ActivationName, Loss, ActivationName][] = [
    ["tanh", { name: "meanSquaredError" }, "linear"],
    ["sigmoid", { name: "meanSquaredError", reduction: "sum" }, "sigmoid"],
    ["relu", { name: "huber", delta: 0.3 }, "linear"],
    ["elu", { name: "meanAbsoluteError" }, "softplus"],
    ["silu", { name: "binaryCrossentropy" }, "sigmoid"],
    ["gelu", { name: "sigmoidCrossentropy" }, "sigmoid"],
    ["leakyRelu", { name: "categoricalCrossentropy" }, "softmax"],
    ["geluTanh", { name: "sparseCategoricalCrossentropy" }, "softmax"],
  ];
  /** The last batch of an epoch has 10 of 13 rows, 1 of 1, or 1 of 10. */
  const batchSizes = [13, 1, 10];
  const cases = tasks.flatMap(([hidden, loss, output]) =>
    DTYPES.flatMap((dtype) =>
      batchSizes.map((batchSize) => ({ hidden, loss, output, dtype, batchSize, name: loss.name })),
    ),
  );

  it("are compared with 10, 0 and 1 rows after the last full batch", () => {
    expect(batchSizes.map((batchSize) => inputs.length % batchSize)).toEqual([10, 0, 1]);
  });

  it.each(cases)(
    "give the same result for $name after $hidden in $dtype, batches of $batchSize",
    async (of) => {
      const { hidden, loss, output, dtype, batchSize } = of;
      const isBounded = output !== "linear" && output !== "softplus";
      const aims =
        loss.name === "sparseCategoricalCrossentropy"
          ? inputs.map((_, i) => i % 4)
          : rowsOf(spread(inputs.length * 4, isBounded ? 0 : -1, 1, 0.2), 4);
      const options: NetworkOptions = {
        inputs: 3,
        layers: [dense(9, hidden), dense(6, "tanh"), dense(4, output)],
        loss,
        dtype,
      };
      const learningRate = 0.05;
      const network = await createNetwork({ ...options, optimizer: sgd({ learningRate }), seed: 7 });
      const baseline = baselineOf(network, options);
      const order = shuffledOrders(inputs.length, 7);
      const epochs = 6;
      const { loss: losses } = network.fitSync(inputs, aims, { epochs, batchSize, shuffle: true });
      const expected = baseline.fit(inputs.flat(), aims.flat(), { epochs, batchSize, learningRate, order });
      const tolerance = dtype === "float64" ? 1e-12 : 1e-4;
      expect(losses.length).toBe(epochs);
      losses.forEach((value, epoch) => {
        expect(Math.abs(value / expected.losses[epoch]! - 1)).toBeLessThan(tolerance);
      });
      parametersOf(network).forEach((value, i) => {
        expect(Math.abs(value - baseline.parameters[i]!)).toBeLessThan(tolerance);
      });
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
    },
  );

  it("give the same result for batches of several microbatches", async () => {
    const rows = 700;
    const many = { data: spread(rows * 3), shape: [rows, 3] };
    const aims = { data: spread(rows * 2, -1, 1, 0.3), shape: [rows, 2] };
    const network = await regression({ seed: 7 });
    const baseline = baselineOf(network, REGRESSION);
    const { loss } = network.fitSync(many, aims, { epochs: 3, batchSize: 300 });
    const { losses } = baseline.fit(many.data, aims.data, {
      epochs: 3,
      batchSize: 300,
      learningRate: 0.1,
      order: shuffledOrders(rows, 7),
    });
    const expected = [...losses, ...baseline.parameters];
    const actual = [...loss, ...parametersOf(network)];
    expect(actual.length).toBe(expected.length);
    actual.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-13);
    });
  });
});

describe.each(DTYPES)("a row's prediction in %s", (dtype) => {
  it.each([
    [1, [1]],
    [2, [3, 1]],
    [5, [16, 7, 3]],
    [13, [33, 2]],
    [64, [31, 10]],
  ])("has the same bits alone and in any batch, from %i inputs through %j units", async (width, units) => {
    const activations = ["tanh", "gelu", "softplus"] as const;
    const network = await createNetwork({
      inputs: width,
      layers: units.map((count, i) =>
        dense(count, count > 1 && i === units.length - 1 ? "softmax" : activations[i]!, {
          biasInitializer: uniform(-1, 1),
        }),
      ),
      loss: "meanSquaredError",
      dtype,
    });
    const outputs = units.at(-1)!;
    const rows = 1000;
    const data = floats(dtype, spread(rows * width, -2, 2));
    const predict = (first: number, count: number) =>
      network.predict({ data: data.slice(first * width, (first + count) * width), shape: [count, width] })
        .data;
    const whole = predict(0, rows);
    const expectSame = (first: number, count: number) => {
      const expected = whole.slice(first * outputs, (first + count) * outputs);
      expect(bitsOf(predict(first, count)), `${count} rows from ${first}`).toBe(bitsOf(expected));
    };
    for (const row of [0, 1, 2, 3, 126, 127, 128, 129, 500, 996, 997, 998, 999]) expectSame(row, 1);
    for (const count of [2, 3, 4, 5, 6, 7, 8, 9, 127, 128, 129, 256, 257]) {
      for (const first of [0, 1, 3, 100, 701]) expectSame(first, count);
    }
    network.dispose();
  });
});

describe("fit", () => {
  const options: FitOptions = { epochs: 30, batchSize: 17 };

  it("gives the bits of fitSync", async () => {
    for (const shuffle of [true, false]) {
      const waiting = await regression();
      const returning = await regression();
      const synchronous = waiting.fitSync(inputs, targets, { ...options, shuffle });
      const asynchronous = await returning.fit(inputs, targets, { ...options, shuffle });
      expect(bitsOf(asynchronous.loss)).toBe(bitsOf(synchronous.loss));
      expect(parameterBits(returning)).toBe(parameterBits(waiting));
    }
  });

  it("gives the same bits for the same seed, and others for another seed", async () => {
    const run = async (seed?: number) => {
      const network = await regression(seed === undefined ? {} : { seed });
      const { loss } = network.fitSync(inputs, targets, options);
      return bitsOf(loss) + parameterBits(network);
    };
    const first = await run();
    expect(await run()).toBe(first);
    expect(await run(0)).toBe(first);
    expect(await run(1)).not.toBe(first);
  });

  it("equals gradients() and applyGradients() for each batch, if it does not shuffle", async () => {
    for (const batchSize of [1, 13, 101]) {
      const fitted = await regression();
      const stepped = await regression();
      fitted.fitSync(inputs, targets, { epochs: 2, batchSize, shuffle: false });
      for (let epoch = 0; epoch < 2; epoch++) {
        for (let row = 0; row < inputs.length; row += batchSize) {
          const batch = [inputs.slice(row, row + batchSize), targets.slice(row, row + batchSize)] as const;
          stepped.applyGradients(stepped.gradients(...batch).layers);
        }
      }
      expect(parameterBits(fitted)).toBe(parameterBits(stepped));
    }
  });

  it("trains on every row in every epoch, in changing orders", async () => {
    // The inputs are powers of two, so the loss of an epoch reveals the order of the rows.
    const network = await createNetwork({
      inputs: 1,
      layers: [dense(1, "linear", { useBias: false })],
      loss: { name: "meanAbsoluteError", reduction: "sum" },
      optimizer: sgd({ learningRate: 1 }),
      dtype: "float64",
    });
    const powers = Array.from({ length: 20 }, (_, i) => [2 ** i]);
    network.setParameters([{ kernel: [[0]] }]);
    const seen: string[] = [];
    let before = 0;
    for (let epoch = 0; epoch < 3; epoch++) {
      // The targets are so large that each step adds its input to the kernel: an epoch adds all inputs once.
      const { loss } = network.fitSync(
        powers,
        powers.map(() => 1e15),
        { batchSize: 1 },
      );
      const kernel = network.parameters[0]!.kernel.data[0]!;
      expect(kernel - before).toBe(2 ** 20 - 1);
      before = kernel;
      seen.push(String(loss));
    }
    expect(new Set(seen).size).toBe(3);
  });

  it("keeps the order of the rows if one batch contains them all", async () => {
    const shuffled = await regression();
    const plain = await regression();
    shuffled.fitSync(inputs, targets, { epochs: 5, batchSize: 1000, shuffle: true });
    plain.fitSync(inputs, targets, { epochs: 5, batchSize: inputs.length, shuffle: false });
    expect(parameterBits(shuffled)).toBe(parameterBits(plain));
  });

  it.each(DTYPES)("returns the loss of evaluate for an epoch without updates, in %s", async (dtype) => {
    const network = await regression({ optimizer: sgd({ learningRate: 0 }), dtype });
    const { loss } = network.evaluate(inputs, targets);
    const whole = network.fitSync(inputs, targets, { epochs: 2, batchSize: 1000 });
    expect(whole.loss).toEqual([loss, loss]);
    for (const value of network.fitSync(inputs, targets, { epochs: 2, batchSize: 7 }).loss) {
      expect(Math.abs(value / loss - 1)).toBeLessThan(1e-14);
    }
  });

  it("gives the same bits if onProgress calls predict and evaluate", async () => {
    for (const batchSize of [17, 101]) {
      const quiet = await regression();
      const busy = await regression();
      const epochs = 5000;
      const expected = quiet.fitSync(inputs, targets, { epochs, batchSize });
      let calls = 0;
      const history = await busy.fit(inputs, targets, {
        epochs,
        batchSize,
        onProgress: ({ epoch, loss }) => {
          calls++;
          if (epoch > 0) expect(loss).toBeGreaterThan(0);
          busy.predict(inputs.slice(0, 50).map(([a = 0, b = 0]) => [a + 1, b, 2]));
          busy.evaluate(inputs.slice(0, 3), targets.slice(0, 3));
        },
      });
      expect(calls).toBeGreaterThan(1);
      expect(bitsOf(history.loss)).toBe(bitsOf(expected.loss));
      expect(parameterBits(busy)).toBe(parameterBits(quiet));
    }
  });

  it("gives the same bits if several networks train at the same time", async () => {
    const train = async (network: Network) => {
      const { loss } = await network.fit(inputs, targets, { epochs: 600, batchSize: 9 });
      return bitsOf(loss) + parameterBits(network);
    };
    const makers = [{ seed: 1 }, { seed: 2 }, { dtype: "float32" as const }];
    const alone: string[] = [];
    for (const maker of makers) alone.push(await train(await regression(maker)));
    const networks = await Promise.all(makers.map(regression));
    expect(await Promise.all(networks.map(train))).toEqual(alone);
  });
});

describe("memory", () => {
  it("may grow: parameters then have new views", async () => {
    const { memory } = await sharedCore();
    const network = await regression();
    const before = parameterBits(network);
    const { kernel } = network.parameters[0]!;
    const stale = kernel.data;
    const size = memory.buffer.byteLength;
    const big = await createNetwork({
      inputs: 1000,
      layers: [dense(Math.ceil(size / 4000) + 10)],
      loss: "meanSquaredError",
    });
    expect(memory.buffer.byteLength).toBeGreaterThan(size);
    expect(stale.length).toBe(0);
    expect(kernel.data.length).toBe(21);
    expect(parameterBits(network)).toBe(before);
    network.fitSync(inputs, targets);
    expect(parameterBits(network)).not.toBe(before);
    network.dispose();
    big.dispose();
  });

  it("may grow during a fit, which gives the same bits", async () => {
    const { memory } = await sharedCore();
    const expected = await regression();
    expected.fitSync(inputs, targets, { epochs: 500 });
    const network = await regression();
    const size = memory.buffer.byteLength;
    const tooMany = { data: new Float64Array((3 * size) / 16), shape: [size / 16, 3] };
    await network.fit(inputs, targets, {
      epochs: 500,
      onProgress: () => {
        if (memory.buffer.byteLength === size) network.predict(tooMany);
      },
    });
    expect(memory.buffer.byteLength).toBeGreaterThan(size);
    expect(parameterBits(network)).toBe(parameterBits(expected));
  });

  it("may grow while samples are loaded and shuffled, and the fit gives the same bits", async () => {
    const { memory } = await sharedCore();
    const rows = 100_000;
    const many = rowsOf(spread(rows * 3), 3);
    const aims = { data: spread(rows * 2, -1, 1, 0.3), shape: [rows, 2] };
    const fitted = async (grow: boolean) => {
      const network = await regression();
      const fit = network.fit(many, aims, { epochs: 2, batchSize: 5000 });
      let size = memory.buffer.byteLength;
      let growths = 0;
      let isDone = false;
      const end = fit.finally(() => {
        isDone = true;
      });
      while (grow && !isDone) {
        const pages = memory.grow(1);
        growths += Number(pages * 65536 >= size);
        size = memory.buffer.byteLength;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { loss } = await end;
      if (grow) expect(growths).toBeGreaterThan(3);
      return bitsOf(loss) + parameterBits(network);
    };
    expect(await fitted(true)).toBe(await fitted(false));
  });

  /** Collects garbage and lets finalizers run. */
  async function collectGarbage(): Promise<void> {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it("is freed when networks are garbage-collected", async () => {
    const { memory } = await sharedCore();
    const drop = async () => {
      for (let i = 0; i < 20; i++) await createNetwork({ inputs: 500, layers: [dense(500)], loss: "huber" });
    };
    await drop();
    await collectGarbage();
    const size = memory.buffer.byteLength;
    for (let i = 0; i < 3; i++) {
      await drop();
      await collectGarbage();
    }
    expect(memory.buffer.byteLength).toBe(size);
  });

  it("is not freed again when a disposed network is garbage-collected", async () => {
    await collectGarbage();
    const replace = async () => {
      const first = await regression({ seed: 1 });
      first.dispose();
      return regression({ seed: 2 });
    };
    const networks: Network[] = [];
    for (let i = 0; i < 20; i++) networks.push(await replace());
    const before = networks.map(parameterBits);
    await collectGarbage();
    for (let i = 0; i < 20; i++) networks.push(await regression({ seed: 3 }));
    expect(networks.slice(0, 20).map(parameterBits)).toEqual(before);
  });

  it("does not grow while 10 000 networks are created, trained and disposed", async () => {
    const { memory } = await sharedCore();
    const cycle = async (i: number) => {
      const dtype: DType = i % 2 ? "float32" : "float64";
      const network = await createNetwork({
        inputs: 2,
        layers: [dense(1 + (i % 5), "tanh"), dense(1)],
        loss: "meanSquaredError",
        dtype,
      });
      const few = [
        [1, 2],
        [3, 4],
        [5, 6],
      ].slice(0, 1 + (i % 3));
      network.fitSync(
        few,
        few.map(([a]) => [a!]),
        { epochs: 2, batchSize: 2 },
      );
      network.predict(few);
      network.dispose();
    };
    for (let i = 0; i < 10; i++) await cycle(i);
    const size = memory.buffer.byteLength;
    for (let i = 0; i < 10_000; i++) await cycle(i);
    expect(memory.buffer.byteLength).toBe(size);
  });
});
