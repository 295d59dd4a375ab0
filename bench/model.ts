// Works behind the interface of the engines.

import type { EngineName } from "backprop-wasm";
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

export function createDataset(model: Model, samples: Samples): Dataset {
  const dataset = model.createDataset(samples.rows);
  dataset.inputs().set(samples.inputs);
  dataset.targets().set(samples.targets);
  return dataset;
}
