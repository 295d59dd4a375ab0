// Epochs as `fit` runs them: every row once, in a shuffled order, batch after batch.

import { createDataset, createModel } from "./model.js";
import { createOrder, createSamples } from "./samples.js";
import type { Steps } from "./subject.js";
import { MOST_STEPS } from "./trainer.js";
import type { Work } from "./works.js";

export interface Epochs extends Steps {
  dispose(): void;
}

/** More than an epoch has: where there is an order, a call ends with the epoch. */
const MOST_MICROBATCHES = 2 ** 31 - 1;

/** One step is one epoch of the Wasm engine. */
export async function createEpochs(work: Work, rows: number): Promise<Epochs> {
  const model = await createModel(work);
  const dataset = createDataset(model, createSamples(work, rows));
  const order = createOrder(rows);
  const initial = model.parameters().slice();
  let run = createRun();
  return {
    reset() {
      model.parameters().set(initial);
      run.dispose();
      run = createRun();
    },
    step(steps) {
      for (let i = 0; i < steps; i++) run.advance(MOST_MICROBATCHES);
      if (run.diverged) throw new Error(`${work.name} diverged in epoch ${run.epoch}, row ${run.row}.`);
    },
    dispose() {
      run.dispose();
      dataset.dispose();
      model.dispose();
    },
  };

  function createRun() {
    const { batch: batchSize, learningRate } = work;
    const run = model.createRun({ dataset, epochs: MOST_STEPS, batchSize, learningRate, ordered: true });
    run.order().set(order);
    return run;
  }
}
