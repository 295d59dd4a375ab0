// Predicts one row as users do. The time includes checking and copying the row and creating the tensor of the result. The
// baseline also takes the row as an array of numbers and copies it.

import type { FloatArray } from "backprop-wasm";
import { createWorkloadBaseline, createWorkloadNetwork } from "./model.js";
import { createSamples } from "./samples.js";
import type { EngineName, Subject } from "./subject.js";
import type { Workload } from "./workloads.js";

interface Predictor {
  predict(row: number[]): FloatArray;
  dispose(): void;
}

/** One step is one call of `predict` with one row. */
export async function createPredictor(workload: Workload, engine: EngineName): Promise<Subject> {
  const { predict, dispose } =
    engine === "wasm" ? await createCorePredictor(workload) : createBaselinePredictor(workload);
  const row = Array.from(createSamples(workload).inputs.subarray(0, workload.sizes[0]));
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

async function createCorePredictor(workload: Workload): Promise<Predictor> {
  const network = await createWorkloadNetwork(workload);
  return {
    predict: (row) => network.predict([row]).data,
    dispose: () => network.dispose(),
  };
}

function createBaselinePredictor(workload: Workload): Predictor {
  const baseline = createWorkloadBaseline(workload);
  return {
    predict: (row) => baseline.predict(row),
    dispose() {},
  };
}
