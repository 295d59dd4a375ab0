// Works behind the interface of the engines, and as users have them.

import { createNetwork, type EngineName, type Network, type NetworkOptions, sgd } from "backprop-wasm";
import type { Dataset, Model } from "../engine/engine.js";
import { ENGINES } from "../engine/engines.js";
import { describeLoss } from "../losses.js";
import { createParameters, type Samples } from "./samples.js";
import type { Work } from "./works.js";

/** With its initial parameters. */
export async function createModel(work: Work, engine: EngineName): Promise<Model> {
  const { dtype, sizes, layers, loss } = work;
  const description = describeLoss(loss, layers.at(-1)!.activation, dtype);
  const model = (await ENGINES[engine]()).createModel({
    dtype,
    inputs: sizes[0]!,
    layers,
    loss: description,
  });
  model.parameters().set(createParameters(work));
  return model;
}

/** The network of a work, by the public interface; its parameters are of the default seed. */
export function createWorkNetwork(work: Work, options: Partial<NetworkOptions> = {}): Promise<Network> {
  const { sizes, layers, loss, dtype, learningRate } = work;
  const optimizer = sgd({ learningRate });
  return createNetwork({ inputs: sizes[0]!, layers, loss, dtype, optimizer, ...options });
}

export function createDataset(model: Model, samples: Samples): Dataset {
  const dataset = model.createDataset(samples.rows);
  dataset.inputs().set(samples.inputs);
  dataset.targets().set(samples.targets);
  return dataset;
}
