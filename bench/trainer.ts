// Training steps, behind the interface of the engines, where they do the same thing and nothing else.

import type { EngineName } from "backprop-wasm";
import type { Dataset, Model, NetworkDescription, Run } from "../engine/engine.js";
import { ENGINES } from "../engine/engines.js";
import { describeLoss } from "../losses.js";
import { createParameters, createSamples, type Samples } from "./samples.js";
import type { Subject } from "./subject.js";
import type { Work } from "./works.js";

/** The most steps of a call. */
export const MOST_STEPS = 2 ** 16;

/** One step is what `Run.advance` does for a batch: gradients, update. */
export async function createTrainer(work: Work, engine: EngineName): Promise<Subject> {
  const model = (await ENGINES[engine]()).createModel(describe(work));
  const dataset = createDataset(model, createSamples(work));
  let run = createRun(model, dataset, work);
  model.parameters().set(createParameters(work));
  const initial = model.parameters().slice();
  return {
    engine,
    reset() {
      model.parameters().set(initial);
      run.dispose();
      run = createRun(model, dataset, work);
    },
    step: (steps) => advance(run, steps),
    outputs: () => ({
      losses: run.losses().slice(0, run.epoch),
      changes: model.parameters().map((parameter, i) => parameter - initial[i]!),
    }),
    dispose() {
      run.dispose();
      dataset.dispose();
      model.dispose();
    },
  };
}

function describe({ dtype, sizes, layers, loss }: Work): NetworkDescription {
  return { dtype, inputs: sizes[0]!, layers, loss: describeLoss(loss, layers.at(-1)!.activation, dtype) };
}

function createDataset(model: Model, samples: Samples): Dataset {
  const dataset = model.createDataset(samples.rows);
  dataset.inputs().set(samples.inputs);
  dataset.targets().set(samples.targets);
  return dataset;
}

function createRun(model: Model, dataset: Dataset, { batch, learningRate }: Work): Run {
  return model.createRun({ dataset, epochs: MOST_STEPS, batchSize: batch, learningRate, ordered: false });
}

/** Here a batch is one microbatch in every engine; were it not, a part of a step would be taken for the whole. */
function advance(run: Run, steps: number): void {
  const done = run.advance(steps);
  if (done !== steps || run.diverged) {
    throw new Error(`${steps} steps ended after ${done}, in epoch ${run.epoch}, row ${run.row}.`);
  }
}
