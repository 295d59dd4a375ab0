// Epochs as `fit` runs them: batch after batch, in a new random order in each epoch.

import { createModel, createRun, loadSamples } from "./model.js";
import { createSamples } from "./samples.js";
import type { Steps } from "./subject.js";
import type { Workload } from "./workloads.js";

export interface Epochs extends Steps {
  dispose(): void;
}

/** More units of work than any run here has, so one call trains all epochs. */
const MAX_UNITS = 2 ** 31 - 1;

/** One step is one epoch of the core. `shuffle`: whether each epoch has a random order, unless one batch has all rows. */
export async function createEpochs(workload: Workload, rows?: number, shuffle = true): Promise<Epochs> {
  const model = await createModel(workload);
  const samples = loadSamples(model, createSamples(workload, rows));
  const initial = model.parameters().slice();
  return {
    reset() {
      model.parameters().set(initial);
    },
    step(steps) {
      const run = createRun(model, samples, workload, steps, shuffle);
      while (run.epoch < steps && !run.divergence) run.advance(MAX_UNITS);
      const { epoch } = run;
      run.dispose();
      if (epoch < steps) throw new Error(`${workload.name} diverged in epoch ${epoch}.`);
    },
    dispose() {
      samples.dispose();
      model.dispose();
    },
  };
}
