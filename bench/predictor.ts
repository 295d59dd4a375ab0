// Predicting a row as users do: validation, copying and the result's tensor are part of what is measured.

import { createNetwork, type EngineName, type FloatArray } from "backprop-wasm";
import { createSamples } from "./samples.js";
import type { Subject } from "./subject.js";
import type { Work } from "./works.js";

/** One step is one call of `network.predict` with one row; the engines' parameters are of one seed. */
export async function createPredictor(work: Work, engine: EngineName): Promise<Subject> {
  const { sizes, layers, loss, dtype } = work;
  const inputs = sizes[0]!;
  const network = await createNetwork({ inputs, layers, loss, dtype, engine });
  const row = [Array.from(createSamples(work).inputs.subarray(0, inputs))];
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
