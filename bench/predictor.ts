// Predicting a row as users do: validation, copying and the result's tensor are part of what is measured.

import type { EngineName, FloatArray } from "backprop-wasm";
import { createWorkNetwork } from "./model.js";
import { createSamples } from "./samples.js";
import type { Subject } from "./subject.js";
import type { Work } from "./works.js";

/** One step is one call of `network.predict` with one row; the engines' parameters are of one seed. */
export async function createPredictor(work: Work, engine: EngineName): Promise<Subject> {
  const network = await createWorkNetwork(work, { engine });
  const row = [Array.from(createSamples(work).inputs.subarray(0, work.sizes[0]))];
  let predictions: FloatArray = new Float64Array();
  return {
    engine,
    reset() {},
    step(steps) {
      for (let i = 0; i < steps; i++) predictions = network.predict(row).data;
    },
    outputs: () => ({ predictions }),
    dispose: () => network.dispose(),
  };
}
