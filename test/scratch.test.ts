import { describe, expect, it } from "vitest";
import { createNetwork, dense, type Network, type NetworkOptions } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { PLAIN, type SampleFormat, type Samples } from "../src/wasm/samples.js";
import { Scratch } from "../src/wasm/scratch.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, spread } from "./support/floats.js";

/** A scratch, and the numbers of rows of its samples that are not disposed. */
function createScratch(): { scratch: Scratch; held: () => number[] } {
  const live = new Set<Samples>();
  const create = (rows: number, format: SampleFormat): Samples => {
    const samples = { rows, format, dispose: () => live.delete(samples) } as Partial<Samples> as Samples;
    live.add(samples);
    return samples;
  };
  return { scratch: new Scratch(create), held: () => [...live].map(({ rows }) => rows) };
}

describe("the scratch of a network", () => {
  it("reuses returned samples for the next call with as many rows", () => {
    const { scratch, held } = createScratch();
    const samples = scratch.take(4, PLAIN);
    scratch.giveBack(samples);
    expect(held()).toEqual([4]);
    expect(scratch.take(4, PLAIN)).toBe(samples);
  });

  it("does not give the same samples to two callers at once", () => {
    const { scratch, held } = createScratch();
    const first = scratch.take(4, PLAIN);
    const second = scratch.take(4, PLAIN);
    expect(second).not.toBe(first);
    scratch.giveBack(first);
    scratch.giveBack(second);
    expect(held()).toEqual([4]);
    expect(scratch.take(4, PLAIN)).toBe(second);
    expect(scratch.take(4, PLAIN)).not.toBe(second);
  });

  it("does not reuse samples of another format", () => {
    const { scratch } = createScratch();
    const samples = scratch.take(4, PLAIN);
    scratch.giveBack(samples);
    expect(scratch.take(4, { isWeighted: true })).not.toBe(samples);
  });

  it("keeps only the samples that were returned last", () => {
    const { scratch, held } = createScratch();
    for (const rows of [1, 128, 3]) scratch.giveBack(scratch.take(rows, PLAIN));
    expect(held()).toEqual([3]);
  });

  it("keeps no samples of more than 128 rows, and keeps the smaller ones returned before", () => {
    const { scratch, held } = createScratch();
    scratch.giveBack(scratch.take(128, PLAIN));
    scratch.giveBack(scratch.take(129, PLAIN));
    expect(held()).toEqual([128]);
  });

  it("keeps no samples after it is disposed, even if they are returned later", () => {
    const { scratch, held } = createScratch();
    const [first, second] = [scratch.take(2, PLAIN), scratch.take(2, PLAIN)];
    scratch.giveBack(first);
    scratch.dispose();
    expect(held()).toEqual([2]);
    scratch.giveBack(second);
    expect(held()).toEqual([]);
  });
});

describe("calls that share a scratch", () => {
  const create = (changes: Partial<NetworkOptions> = {}) =>
    createNetwork({
      inputs: 3,
      layers: [dense(4, "tanh"), dense(2)],
      loss: "meanSquaredError",
      dtype: "float64",
      ...changes,
    });
  const samples = (rows: number, phase: number) => ({
    inputs: { data: spread(rows * 3, -1, 1, phase), shape: [rows, 3] },
    targets: { data: spread(rows * 2, -1, 1, phase), shape: [rows, 2] },
  });

  /** The result of `ask` with a new network. */
  async function withNewNetwork<T>(ask: (network: Network) => T): Promise<T> {
    const network = await create();
    const answer = ask(network);
    network.dispose();
    return answer;
  }

  it("return what a new network returns, whatever calls came before", async () => {
    const network = await create();
    for (const rows of [1, 1, 5, 5, 128, 129, 300, 1]) {
      for (const phase of [0.1, 0.7]) {
        const { inputs, targets } = samples(rows, phase);
        const ask = (asked: Network) => [
          ...asked.predict(inputs).data,
          asked.evaluate(inputs, targets).loss,
          ...asked.gradients(inputs, targets).layers[0]!.kernel.data,
          ...asked.predict(inputs).data,
        ];
        expect(bitsOf(ask(network)), `${rows} rows`).toBe(bitsOf(await withNewNetwork(ask)));
      }
    }
    network.dispose();
  });

  it("do not change predictions that were returned before", async () => {
    const network = await create();
    const first = network.predict([[1, 2, 3]]);
    const kept = first.toArray();
    first.data.fill(0);
    const second = network.predict([[1, 2, 3]]);
    expect(second.toArray()).toEqual(kept);
    network.predict([[-4, 5, -6]]);
    network.dispose();
    expect(second.toArray()).toEqual(kept);
  });

  it("are not affected by rows that were refused", async () => {
    const network = await create();
    const expected = await withNewNetwork((asked) => asked.predict([[1, 2, 3]]).toArray());
    expect(errorOf(() => network.predict([[7, 7, Number.NaN]]))).toMatchObject({ code: "invalidData" });
    expect(network.predict([[1, 2, 3]]).toArray()).toEqual(expected);
    network.dispose();
  });

  it("may interrupt another call that reads its rows", async () => {
    const network = await create();
    network.predict([[9, 9, 9]]);
    const expected = await withNewNetwork((asked) => asked.predict([[1, 2, 3]]).toArray());
    const asking = {
      length: 3,
      0: 1,
      get 1() {
        network.predict([[8, 8, 8]]);
        return 2;
      },
      2: 3,
    };
    expect(network.predict([asking]).toArray()).toEqual(expected);
    network.dispose();
  });

  it("may interrupt a fit, and do not change its result", async () => {
    const { inputs, targets } = samples(10, 0.1);
    const [network, twin] = [await create(), await create()];
    const options = { epochs: 20_000, batchSize: 10 };
    let asked = 0;
    const onProgress = () => {
      asked++;
      network.predict(samples(10, 0.7).inputs);
      network.evaluate(samples(10, 0.3).inputs, samples(10, 0.3).targets);
    };
    await network.fit(inputs, targets, { ...options, onProgress });
    twin.fitSync(inputs, targets, options);
    expect(asked).toBeGreaterThan(0);
    expect(bitsOf(network.predict(inputs).data)).toBe(bitsOf(twin.predict(inputs).data));
    network.dispose();
    twin.dispose();
  });
});

describe("the memory of the core", () => {
  const rows = 128;
  const wide: NetworkOptions = { inputs: 4096, layers: [dense(1)], loss: "meanSquaredError" };
  const inputs = { data: new Float32Array(spread(rows * wide.inputs)), shape: [rows, wide.inputs] };

  // Runs first: later, free memory could hide growth.
  it("does not grow if networks are created, predict and are disposed in turn", async () => {
    const { memory } = await sharedCore();
    const use = async () => {
      const network = await createNetwork(wide);
      network.predict(inputs);
      network.dispose();
    };
    await use();
    const { byteLength } = memory.buffer;
    for (let i = 0; i < 40; i++) await use();
    expect(memory.buffer.byteLength).toBe(byteLength);
  });

  it("may grow between two predictions", async () => {
    const { memory } = await sharedCore();
    const network = await createNetwork(wide);
    const before = network.predict(inputs).toArray();
    const { buffer } = memory;
    const large = await createNetwork({ ...wide, layers: [dense(4096)] });
    expect(memory.buffer).not.toBe(buffer);
    expect(network.predict(inputs).toArray()).toEqual(before);
    large.dispose();
    network.dispose();
  });
});
