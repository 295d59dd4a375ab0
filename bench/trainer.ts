// Trains with the core, without the public interface, or with the baseline.

import type { FloatArray, Numerics } from "backprop-wasm";
import type { Run as CoreRun } from "../wasm/run.js";
import type { Run as BaselineRun } from "./baseline/run.js";
import { toFloatArray } from "./baseline/types.js";
import { createModel, createRun, createWorkloadBaseline, loadSamples } from "./model.js";
import { MAX_STEPS } from "./rounds.js";
import { createSamples } from "./samples.js";
import type { EngineName, Subject } from "./subject.js";
import type { Workload } from "./workloads.js";

type Run = CoreRun | BaselineRun;

interface Trainable {
  parameters(): FloatArray;
  createRun(): Run;
  dispose(): void;
}

/** One step is one batch: gradients and update. `numerics`: of the core. */
export async function createTrainer(
  workload: Workload,
  engine: EngineName,
  numerics?: Numerics,
): Promise<Subject> {
  const trainable =
    engine === "wasm" ? await createCoreTrainable(workload, numerics) : createBaselineTrainable(workload);
  const initial = trainable.parameters().slice();
  let run = trainable.createRun();
  return {
    engine,
    reset() {
      trainable.parameters().set(initial);
      dispose(run);
      run = trainable.createRun();
    },
    step: (steps) => advance(run, steps),
    outputs: () => ({
      losses: run.losses().slice(0, run.epoch),
      changes: trainable.parameters().map((parameter, i) => parameter - initial[i]!),
    }),
    dispose() {
      dispose(run);
      trainable.dispose();
    },
  };
}

async function createCoreTrainable(workload: Workload, numerics?: Numerics): Promise<Trainable> {
  const model = await createModel(workload, numerics);
  const samples = loadSamples(model, createSamples(workload));
  return {
    parameters: () => model.parameters(),
    createRun: () => createRun(model, samples, workload, MAX_STEPS, false),
    dispose() {
      samples.dispose();
      model.dispose();
    },
  };
}

function createBaselineTrainable(workload: Workload): Trainable {
  const { dtype, batch } = workload;
  const { learningRate } = workload.optimizer;
  if (typeof learningRate !== "number") throw new Error("The baseline has no schedules.");
  const baseline = createWorkloadBaseline(workload);
  const samples = createSamples(workload);
  const inputs = toFloatArray(dtype, samples.inputs);
  const targets = toFloatArray(dtype, samples.targets);
  const options = { epochs: MAX_STEPS, batchSize: batch, learningRate };
  return {
    parameters: () => baseline.parameters,
    createRun: () => baseline.createRun(inputs, targets, options),
    dispose() {},
  };
}

/** A run counts microbatches. In both engines a batch is one microbatch, so this is a number of steps. */
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
