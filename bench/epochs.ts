// Epochs as `fit` runs them: every row once, in a new random order each epoch, batch after batch.

import { createModel, createRun, loadSamples } from "./model.js";
import { createSamples } from "./samples.js";
import type { Steps } from "./subject.js";
import type { Work } from "./works.js";

export interface Epochs extends Steps {
  dispose(): void;
}

/** Units of work that no run reaches. */
const MAX_UNITS = 2 ** 31 - 1;

/** One step is one epoch of the core. `shuffle`: whether epochs have a random order, where a batch is not all rows. */
export async function createEpochs(work: Work, rows?: number, shuffle = true): Promise<Epochs> {
  const model = await createModel(work);
  const samples = loadSamples(model, createSamples(work, rows));
  const initial = model.parameters().slice();
  return {
    reset() {
      model.parameters().set(initial);
    },
    step(steps) {
      const run = createRun(model, samples, work, steps, shuffle);
      while (run.epoch < steps && !run.divergence) run.advance(MAX_UNITS);
      const { epoch } = run;
      run.dispose();
      if (epoch < steps) throw new Error(`${work.name} diverged in epoch ${epoch}.`);
    },
    dispose() {
      samples.dispose();
      model.dispose();
    },
  };
}
