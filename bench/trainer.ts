// Training steps: of the core without the wrapper around it, and of the baseline.

import type { FloatArray, Numerics } from "backprop-wasm";
import type { Run as CoreRun } from "../wasm/run.js";
import type { Run as BaselineRun } from "./baseline/run.js";
import { toFloatArray } from "./baseline/types.js";
import { createModel, createRun, createWorkBaseline, loadSamples } from "./model.js";
import { createSamples } from "./samples.js";
import type { EngineName, Subject } from "./subject.js";
import { MAX_STEPS } from "./turns.js";
import type { Work } from "./works.js";

type Run = CoreRun | BaselineRun;

interface Trainee {
  parameters(): FloatArray;
  createRun(): Run;
  dispose(): void;
}

/** One step is one batch: gradients, update. `numerics` is the core's. */
export async function createTrainer(work: Work, engine: EngineName, numerics?: Numerics): Promise<Subject> {
  const trainee = engine === "wasm" ? await createCoreTrainee(work, numerics) : createBaselineTrainee(work);
  const initial = trainee.parameters().slice();
  let run = trainee.createRun();
  return {
    engine,
    reset() {
      trainee.parameters().set(initial);
      dispose(run);
      run = trainee.createRun();
    },
    step: (steps) => advance(run, steps),
    outputs: () => ({
      losses: run.losses().slice(0, run.epoch),
      changes: trainee.parameters().map((parameter, i) => parameter - initial[i]!),
    }),
    dispose() {
      dispose(run);
      trainee.dispose();
    },
  };
}

async function createCoreTrainee(work: Work, numerics?: Numerics): Promise<Trainee> {
  const model = await createModel(work, numerics);
  const samples = loadSamples(model, createSamples(work));
  return {
    parameters: () => model.parameters(),
    createRun: () => createRun(model, samples, work, MAX_STEPS, false),
    dispose() {
      samples.dispose();
      model.dispose();
    },
  };
}

function createBaselineTrainee(work: Work): Trainee {
  const { dtype, batch, learningRate } = work;
  const baseline = createWorkBaseline(work);
  const samples = createSamples(work);
  const inputs = toFloatArray(dtype, samples.inputs);
  const targets = toFloatArray(dtype, samples.targets);
  const options = { epochs: MAX_STEPS, batchSize: batch, learningRate };
  return {
    parameters: () => baseline.parameters,
    createRun: () => baseline.createRun(inputs, targets, options),
    dispose() {},
  };
}

/** A batch is one microbatch in both engines. Otherwise a part of a step would count as a step. */
function advance(run: Run, steps: number): void {
  const done = run.advance(steps);
  if (done !== steps || hasDiverged(run)) {
    throw new Error(`${steps} steps ended after ${done}, in epoch ${run.epoch}.`);
  }
}

function hasDiverged(run: Run): boolean {
  return "diverged" in run ? run.diverged : run.divergence !== undefined;
}

function dispose(run: Run): void {
  if ("dispose" in run) run.dispose();
}
