import { describe, expect, it } from "vitest";
import {
  adam,
  batchNorm,
  cosineDecay,
  createNetwork,
  dense,
  dropout,
  type Layer,
  type Network,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
} from "../src/index.js";
import { DTYPES, spread } from "./support/floats.js";

const ROWS = 70;
const inputs = Array.from({ length: ROWS }, (_, row) => spread(3, -1, 1, row / 7));
const targets = inputs.map(([x, y]) => x! * y!);
const FIT = { batchSize: 16, epochs: 3 };

function create(
  optimizer: Optimizer,
  dtype: "float32" | "float64" = "float32",
): Promise<Network<readonly Layer[]>> {
  return createNetwork({
    inputs: 3,
    layers: [dense(8, "tanh"), dropout(0.2), dense(1)] as readonly Layer[],
    loss: "meanSquaredError",
    optimizer,
    dtype,
    seed: 5,
  });
}

const OPTIMIZERS: readonly Optimizer[] = [
  sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  adam({ learningRate: cosineDecay({ learningRate: 0.01, steps: 100 }), ema: 0.9, amsgrad: true }),
  nadam({ clipNorm: 1 }),
  rmsprop({ centered: true, momentum: 0.5 }),
];

/** What a network can tell, and what it does afterwards. */
function traceOf(network: Network<readonly Layer[]>): unknown {
  const before = [JSON.stringify(network.parameters), JSON.stringify(network.averagedParameters)];
  const { loss } = network.evaluate(inputs, targets);
  const state = [network.epoch, network.learningRate, network.optimizer];
  const history = network.fitSync(inputs, targets, FIT);
  return [...before, loss, ...state, history.loss, history.learningRate, JSON.stringify(network.parameters)];
}

describe("learningRateRange", () => {
  it.each(
    OPTIMIZERS.flatMap((optimizer) => DTYPES.map((dtype) => [optimizer.name, dtype, optimizer] as const)),
  )("changes nothing in the network: %s, %s", async (_, dtype, optimizer) => {
    const [network, untouched] = [await create(optimizer, dtype), await create(optimizer, dtype)];
    for (const each of [network, untouched]) each.fitSync(inputs, targets, FIT);
    const { loss } = await network.learningRateRange(inputs, targets, { from: 1e-5, to: 100, batchSize: 16 });
    expect(loss.length).toBeGreaterThan(10);
    expect(traceOf(network)).toEqual(traceOf(untouched));
  });

  it.each(OPTIMIZERS.map((optimizer) => [optimizer.name, optimizer] as const))(
    "has the losses of a fit with these rates, from the state of the optimizer on: %s",
    async (_, optimizer) => {
      const [network, twin] = [await create(optimizer), await create(optimizer)];
      for (const each of [network, twin]) each.fitSync(inputs, targets, { batchSize: 16, epochs: 1 });
      const options = { from: 1e-4, to: 0.01, steps: 13, batchSize: 16, shuffle: false };
      const { learningRate, loss } = await network.learningRateRange(inputs, targets, options);
      expect(learningRate.map((rate, i) => rate / (1e-4 * 100 ** (i / 12)))).toEqual(
        learningRate.map(() => expect.closeTo(1, 12)),
      );
      const losses: number[] = [];
      twin.setLearningRate((step) => learningRate[step] ?? 0);
      twin.fitSync(inputs, targets, {
        batchSize: 16,
        epochs: 3,
        shuffle: false,
        onBatch: (info) => losses.push(info.loss) < 13,
      });
      expect(loss).toEqual(losses);
    },
  );

  it("ends when the losses explode, and suggests a rate below", async () => {
    const network = await create(sgd());
    const { learningRate, loss, suggestion } = await network.learningRateRange(inputs, targets, {
      from: 1e-4,
      to: 1e6,
      steps: 200,
      batchSize: 16,
    });
    expect(loss.length).toBeLessThan(200);
    expect(learningRate.length).toBe(loss.length);
    expect(loss.every(Number.isFinite)).toBe(true);
    expect(suggestion).toBeGreaterThan(0.001);
    expect(suggestion).toBeLessThan(1);
    expect(loss.at(-1)!).toBeGreaterThan(loss[0]!);
  });

  it("has 100 steps from 1e-7 to 10 by default", async () => {
    const network = await create(adam());
    const { learningRate } = await network.learningRateRange(inputs, targets);
    expect(learningRate[0]).toBe(1e-7);
    expect(learningRate[1]! / learningRate[0]!).toBeCloseTo(10 ** (8 / 99), 10);
  });

  it("returns no losses if already the first is not finite", async () => {
    const network = await createNetwork({
      inputs: 1,
      layers: [dense(1, "linear", { kernelInitializer: ({ values }) => void values.fill(3e38) })],
      loss: "meanSquaredError",
    });
    const range = await network.learningRateRange([[2]], [0]);
    expect(range).toEqual({ learningRate: [], loss: [], suggestion: undefined });
  });

  it("keeps other fits away while it works, and allows predictions", async () => {
    const network = await create(adam());
    const range = network.learningRateRange(inputs, targets, { to: 1e-6, steps: 20_000 });
    expect(() => network.fitSync(inputs, targets)).toThrow(/A fit is still training/);
    expect(network.predict(inputs).shape).toEqual([ROWS, 1]);
    await range;
    network.fitSync(inputs, targets);
  });

  it("ends if the network is disposed", async () => {
    const network = await create(adam());
    const range = network.learningRateRange(inputs, targets, { to: 1e-6, steps: 100_000 });
    const rejection = expect(range).rejects.toMatchObject({ code: "disposed" });
    network.dispose();
    await rejection;
  });

  it.each<[object, RegExp]>([
    [{ from: 0 }, /^from is 0; expected a finite number above 0\.$/],
    [{ from: 1, to: 1 }, /^to is 1; expected a number above from, which is 1/],
    [{ from: 1e-50 }, /^from is 1e-50, which is too small for float32/],
    [{ steps: 1 }, /^steps is 1; expected an integer from 2 to/],
    [{ batchSize: 0 }, /^batchSize is 0/],
    [{ epochs: 3 }, /^learningRateRange has no option "epochs"/],
  ])("refuses %j", async (options, message) => {
    const network = await create(adam());
    await expect(network.learningRateRange(inputs, targets, options)).rejects.toThrow(message);
  });
});

it("refuses a last batch of one row if the network has a batch norm", async () => {
  const network = await createNetwork({
    inputs: 1,
    layers: [batchNorm(), dense(1)],
    loss: "meanSquaredError",
  });
  const rows = Array.from({ length: 33 }, (_, i) => [i / 33]);
  await expect(network.learningRateRange(rows, rows)).rejects.toMatchObject({
    code: "invalidOption",
    message: expect.stringMatching(/^batchSize is 32, which leaves/),
  });
  network.dispose();
});
