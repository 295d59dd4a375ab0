// Training steps: of the core without the wrapper around it, and of the baseline.

import type { FloatArray } from "backprop-wasm";
import { toFloatArray } from "./baseline/types.js";
import { createDataset, createModel, createWorkBaseline } from "./model.js";
import { createSamples } from "./samples.js";
import type { EngineName, Subject } from "./subject.js";
import type { Work } from "./works.js";

/** The most steps of a call. */
export const MOST_STEPS = 2 ** 16;

/** What the runs of both engines have. */
interface Run {
  readonly epoch: number;
  readonly row: number;
  readonly diverged: boolean;
  losses(): Float64Array;
  advance(microbatches: number): number;
  dispose?(): void;
}

interface Trainee {
  parameters(): FloatArray;
  createRun(): Run;
  dispose(): void;
}

/** One step is what `Run.advance` does for a batch: gradients, update. */
export async function createTrainer(work: Work, engine: EngineName): Promise<Subject> {
  const trainee = engine === "wasm" ? await createCoreTrainee(work) : createBaselineTrainee(work);
  const initial = trainee.parameters().slice();
  let run = trainee.createRun();
  return {
    engine,
    reset() {
      trainee.parameters().set(initial);
      run.dispose?.();
      run = trainee.createRun();
    },
    step: (steps) => advance(run, steps),
    outputs: () => ({
      losses: run.losses().slice(0, run.epoch),
      changes: trainee.parameters().map((parameter, i) => parameter - initial[i]!),
    }),
    dispose() {
      run.dispose?.();
      trainee.dispose();
    },
  };
}

async function createCoreTrainee(work: Work): Promise<Trainee> {
  const model = await createModel(work);
  const dataset = createDataset(model, createSamples(work));
  return {
    parameters: () => model.parameters(),
    createRun: () => model.createRun({ ...runOptions(work), dataset, ordered: false }),
    dispose() {
      dataset.dispose();
      model.dispose();
    },
  };
}

function createBaselineTrainee(work: Work): Trainee {
  const baseline = createWorkBaseline(work);
  const samples = createSamples(work);
  const inputs = toFloatArray(work.dtype, samples.inputs);
  const targets = toFloatArray(work.dtype, samples.targets);
  return {
    parameters: () => baseline.parameters,
    createRun: () => baseline.createRun(inputs, targets, runOptions(work)),
    dispose() {},
  };
}

function runOptions({ batch, learningRate }: Work) {
  return { epochs: MOST_STEPS, batchSize: batch, learningRate };
}

/** A batch is one microbatch in both engines; otherwise a part of a step would be counted as a step. */
function advance(run: Run, steps: number): void {
  const done = run.advance(steps);
  if (done !== steps || run.diverged) {
    throw new Error(`${steps} steps ended after ${done}, in epoch ${run.epoch}, row ${run.row}.`);
  }
}
