// Works as networks: of the core alone, of the public interface, and of the baseline.

import { createNetwork, type Network, type NetworkOptions, sgd } from "backprop-wasm";
import type { Dataset, Model } from "../engine/engine.js";
import { loadEngine } from "../engine/engines.js";
import { describeLoss } from "../losses.js";
import { type Baseline, createBaseline } from "./baseline/baseline.js";
import { createParameters, type Samples } from "./samples.js";
import type { Work } from "./works.js";

/** With its initial parameters. */
export async function createModel(work: Work): Promise<Model> {
  const { dtype, sizes, layers, loss } = work;
  const description = describeLoss(loss, layers.at(-1)!.activation, dtype);
  const engine = await loadEngine();
  const model = engine.createModel({ dtype, inputs: sizes[0]!, layers, loss: description });
  model.parameters().set(createParameters(work));
  return model;
}

export function createDataset(model: Model, samples: Samples): Dataset {
  const dataset = model.createDataset(samples.rows);
  dataset.inputs().set(samples.inputs);
  dataset.targets().set(samples.targets);
  return dataset;
}

/** With its initial parameters. */
export async function createWorkNetwork(work: Work, options: Partial<NetworkOptions> = {}): Promise<Network> {
  const { sizes, layers, loss, dtype, learningRate } = work;
  const optimizer = sgd({ learningRate });
  const network = await createNetwork({ inputs: sizes[0]!, layers, loss, dtype, optimizer, ...options });
  const values = createParameters(work);
  let start = 0;
  for (const { data } of network.parameters.flatMap(({ kernel, bias }) => [kernel, bias!])) {
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
