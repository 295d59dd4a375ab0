// Predicting a row as users do: validation, copying and the result's tensor are part of what is measured. The baseline
// takes the row as an array of numbers and copies it, too.

import type { FloatArray } from "backprop-wasm";
import { createWorkBaseline, createWorkNetwork } from "./model.js";
import { createSamples } from "./samples.js";
import type { EngineName, Subject } from "./subject.js";
import type { Work } from "./works.js";

interface Predictor {
  predict(row: number[]): FloatArray;
  dispose(): void;
}

/** One step is one call of `predict` with one row. */
export async function createPredictor(work: Work, engine: EngineName): Promise<Subject> {
  const { predict, dispose } =
    engine === "wasm" ? await createCorePredictor(work) : createBaselinePredictor(work);
  const row = Array.from(createSamples(work).inputs.subarray(0, work.sizes[0]));
  let predictions: FloatArray = new Float64Array();
  return {
    engine,
    reset() {},
    step(steps) {
      for (let i = 0; i < steps; i++) predictions = predict(row);
    },
    outputs: () => ({ predictions }),
    dispose,
  };
}

async function createCorePredictor(work: Work): Promise<Predictor> {
  const network = await createWorkNetwork(work);
  return {
    predict: (row) => network.predict([row]).data,
    dispose: () => network.dispose(),
  };
}

function createBaselinePredictor(work: Work): Predictor {
  const baseline = createWorkBaseline(work);
  return {
    predict: (row) => baseline.predict(row),
    dispose() {},
  };
}
