// Works as networks: of the core alone, of the public interface, and of the baseline.

import { createNetwork, type Network, type NetworkOptions, type Numerics, sgd } from "backprop-wasm";
import { placeParameters } from "../layers/stack.js";
import { describeLoss } from "../losses.js";
import { createHost } from "../wasm/host.js";
import { Model } from "../wasm/model.js";
import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import { type Baseline, createBaseline } from "./baseline/baseline.js";
import { loadBuild } from "./core.js";
import { createParameters, type SampleRows } from "./samples.js";
import type { Work } from "./works.js";

/** With its initial parameters. */
export async function createModel(work: Work, numerics: Numerics = "strict"): Promise<Model> {
  const { dtype, sizes, layers, loss, learningRate } = work;
  const inputs = sizes[0]!;
  const description = {
    dtype,
    inputs,
    layers,
    loss: describeLoss(loss, layers.at(-1)!.activation, dtype),
    parameters: placeParameters(inputs, layers),
    outputs: sizes.at(-1)!,
  };
  const host = createHost(await loadBuild({ numerics }), dtype);
  const model = new Model(host, description, sgd({ learningRate }), 1);
  model.parameters().set(createParameters(work));
  return model;
}

/** A copy of the rows in linear memory. */
export function loadSamples(model: Model, { rows, inputs, targets }: SampleRows): Samples {
  const samples = model.createSamples(rows);
  samples.inputs().set(inputs);
  samples.targets().set(targets);
  return samples;
}

/** The run that `fit` would create for a new network. */
export function createRun(
  model: Model,
  samples: Samples,
  { batch }: Work,
  epochs: number,
  shuffle: boolean,
): Run {
  return model.createRun({
    samples,
    epochs,
    batchSize: Math.min(batch, samples.rows),
    shuffles: shuffle && batch < samples.rows,
    firstEpoch: 0,
  });
}

/** With its initial parameters. */
export async function createWorkNetwork(work: Work, options: Partial<NetworkOptions> = {}): Promise<Network> {
  const { sizes, layers, loss, dtype, learningRate } = work;
  const optimizer = sgd({ learningRate });
  const network = await createNetwork({ inputs: sizes[0]!, layers, loss, dtype, optimizer, ...options });
  const values = createParameters(work);
  let start = 0;
  for (const { data } of network.parameters.flatMap(({ kernel, bias }) => [kernel!, bias!])) {
    data.set(values.subarray(start, start + data.length));
    start += data.length;
  }
  return network;
}

/** With its initial parameters. */
export function createWorkBaseline(work: Work): Baseline {
  const { sizes, layers, loss, dtype } = work;
  const baseline = createBaseline({ inputs: sizes[0]!, layers, loss, dtype });
  baseline.parameters.set(createParameters(work));
  return baseline;
}
