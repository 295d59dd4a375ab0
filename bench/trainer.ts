// Training steps, behind the interface of the engines, where they do the same thing and nothing else.

import type { EngineName } from "backprop-wasm";
import type { Dataset, Model, Run } from "../engine/engine.js";
import { createDataset, createModel } from "./model.js";
import { createSamples } from "./samples.js";
import type { Subject } from "./subject.js";
import type { Work } from "./works.js";

/** The most steps of a call. */
export const MOST_STEPS = 2 ** 16;

/** One step is what `Run.advance` does for a batch: gradients, update. */
export async function createTrainer(work: Work, engine: EngineName): Promise<Subject> {
  const model = await createModel(work, engine);
  const dataset = createDataset(model, createSamples(work));
  let run = createRun(model, dataset, work);
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
