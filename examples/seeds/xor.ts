// Shared by the programs: the data, labels and training.

import type { Network, Tensor } from "backprop-wasm";
import type { Curve } from "./program.js";

export const INPUTS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
export const TARGETS = [[0], [1], [1], [0]];
export const ROWS = TARGETS.length;

/** Labels for figures with one number for each row of the data. */
export const INPUT_LABELS = INPUTS.map((row) => `of ${row.join(", ")}`);

export function epochLabels(epochs: readonly number[]): string[] {
  return epochs.map((epoch) => `at epoch ${epoch}`);
}

/** `count` numbers: 0, step, 2·step, … */
export function multiplesOf(step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i * step);
}

/** Trains, and returns the predictions of the last epoch's forward pass: those before its update. */
export async function fitAndPredict(
  network: Network,
  epochs: number,
  onEpoch: (epoch: number) => void,
): Promise<{ loss: number[]; predictions: number[] }> {
  const onProgress = ({ epoch }: { epoch: number }) => onEpoch(epoch);
  const before = await network.fit(INPUTS, TARGETS, { epochs: epochs - 1, onProgress });
  const predictions = predictAll(network);
  const last = await network.fit(INPUTS, TARGETS, { epochs: 1 });
  onEpoch(epochs);
  return { loss: [...before.loss, ...last.loss], predictions };
}

export function predictAll(network: Network): number[] {
  return Array.from(network.predict(INPUTS).data);
}

/** 1 for predictions of one half or more, else 0. */
export function classesOf(predictions: readonly number[]): number[] {
  return predictions.map((prediction) => Number(prediction >= 0.5));
}

/** A kernel [inputs, units] as rows [units, inputs]: programs that compute W · x store it so. */
export function transposeOf({ data, shape }: Tensor): number[][] {
  const [inputs = 0, units = 0] = shape;
  return Array.from({ length: units }, (_, unit) =>
    Array.from({ length: inputs }, (_, input) => data[input * units + unit]!),
  );
}

/** A curve with one loss for each epoch. */
export function curveOf(label: string, losses: readonly number[]): Curve {
  return { label, points: losses.map((loss, epoch) => ({ epoch, loss })) };
}
