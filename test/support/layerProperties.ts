// Tests of what holds for every network, whatever its layers are.

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  checkGradients,
  createNetwork,
  type DType,
  dense,
  type Layer,
  type Network,
  sgd,
} from "../../src/index.js";
import { sharedCore } from "../../src/wasm/core.js";
import { bitsOf, DTYPES, floats, spread } from "./floats.js";
import { valuesOf } from "./parameters.js";
import { watchTeams } from "./teams.js";

/** A network under test. */
export interface Subject {
  readonly inputs: number;
  /** The layers before the output layer, a dense one of 3 units. */
  readonly layers: (units: number) => readonly Layer[];
  /** Samples [rows, inputs]; default: spread over [−1, 1). */
  readonly values?: (rows: number) => ArrayLike<number>;
}

const OUTPUTS = 3;

function create({ inputs, layers }: Subject, dtype: DType, units: number, options: object = {}) {
  return createNetwork<readonly Layer[]>({
    inputs,
    layers: [...layers(units), dense(OUTPUTS)],
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0.05 }),
    dtype,
    ...options,
  });
}

function samplesOf({ inputs, values }: Subject, dtype: DType, rows: number) {
  const data = values?.(rows) ?? spread(rows * inputs);
  return {
    inputs: { data: floats(dtype, Array.from(data)), shape: [rows, inputs] },
    targets: { data: floats(dtype, spread(rows * OUTPUTS, -1, 1, 0.2)), shape: [rows, OUTPUTS] },
  };
}

function bitsOfParameters(network: Network<readonly Layer[]>): string {
  return createHash("sha256")
    .update(bitsOf(valuesOf(network.parameters)))
    .digest("hex");
}

/** Defines the tests for a network. `what`: the layers, for the titles. */
export function describeProperties(what: string, subject: Subject): void {
  describe.each(DTYPES)(`a network of %s with ${what}`, (dtype) => {
    it("trains to the same bits with 1, 2, 3 and 5 threads", async () => {
      const { inputs, targets } = samplesOf(subject, dtype, 428);
      const core = await sharedCore(undefined, { threads: true });
      const train = async (threads: number) => {
        const teams = watchTeams(core);
        const network = await create(subject, dtype, 150, { threads });
        // 300 rows pass in microbatches of 128, 128 and 44; the last batch of an epoch has 128.
        const options = { epochs: 2, batchSize: 300, shuffle: false };
        const first = network.fitSync(inputs, targets, options);
        if (threads > 1) await teams[0]!.assemble(threads - 1);
        const second = network.fitSync(inputs, targets, options);
        const result = { bits: bitsOfParameters(network), losses: [...first.loss, ...second.loss] };
        expect(teams[0]?.threads ?? 0).toBe(threads > 1 ? threads : 0);
        network.dispose();
        return result;
      };
      const alone = await train(1);
      for (const threads of [2, 3, 5]) expect(await train(threads)).toEqual(alone);
    });

    it("predicts a row with the same bits alone and in a batch", async () => {
      const network = await create(subject, dtype, 7);
      const { inputs } = samplesOf(subject, dtype, 131);
      const together = network.predict(inputs);
      for (const row of [0, 1, 5, 127, 128, 130]) {
        const data = inputs.data.slice(row * subject.inputs, (row + 1) * subject.inputs);
        const alone = network.predict({ data, shape: [1, subject.inputs] });
        expect(bitsOf(alone.data)).toBe(bitsOf(together.data.slice(row * OUTPUTS, (row + 1) * OUTPUTS)));
      }
      network.dispose();
    });

    it("gives the same bits in ten fits of one epoch as in one fit of ten", async () => {
      const { inputs, targets } = samplesOf(subject, dtype, 12);
      const [once, often] = [await create(subject, dtype, 5), await create(subject, dtype, 5)];
      const { loss } = once.fitSync(inputs, targets, { epochs: 10, batchSize: 5 });
      const losses = Array.from(
        { length: 10 },
        () => often.fitSync(inputs, targets, { batchSize: 5 }).loss[0]!,
      );
      expect(losses).toEqual(loss);
      expect(bitsOfParameters(often)).toBe(bitsOfParameters(once));
      for (const network of [once, often]) network.dispose();
    });

    it("restores its parameters from JSON", async () => {
      const { inputs, targets } = samplesOf(subject, dtype, 12);
      const [network, copy] = [await create(subject, dtype, 5), await create(subject, dtype, 5, { seed: 4 })];
      network.fitSync(inputs, targets, { epochs: 2 });
      copy.setParameters(JSON.parse(JSON.stringify(network.parameters)));
      expect(bitsOfParameters(copy)).toBe(bitsOfParameters(network));
      for (const each of [network, copy]) each.dispose();
    });
  });

  it.each([1, 3, 131])(
    `the gradient of a network with ${what} matches central differences, %i rows`,
    async (rows) => {
      const { inputs, targets } = samplesOf(subject, "float64", rows);
      const network = await create(subject, "float64", 5);
      expect(checkGradients(network, inputs, targets).largestError).toBeLessThan(1e-7);
      network.dispose();
    },
  );
}
