// What the programs share: the data, and a training whose last forward pass is watched.

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

/** For figures of which there is one a row of the data. */
export const INPUT_LABELS = INPUTS.map((row) => `of ${row.join(", ")}`);

export function epochLabels(epochs: readonly number[]): string[] {
  return epochs.map((epoch) => `at epoch ${epoch}`);
}

/** `count` numbers: 0, step, 2·step, … */
export function multiplesOf(step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i * step);
}

/** Trains, and predicts what the last epoch's forward pass does: with the parameters before its update. */
export async function fitAndWatch(
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

/** 1 where the prediction is one half or more, otherwise 0. */
export function classesOf(predictions: readonly number[]): number[] {
  return predictions.map((prediction) => Number(prediction >= 0.5));
}

/** A kernel [inputs, units] as the rows [units, inputs] of programs that multiply from the left. */
export function transposeOf({ data, shape }: Tensor): number[][] {
  const [inputs = 0, units = 0] = shape;
  return Array.from({ length: units }, (_, unit) =>
    Array.from({ length: inputs }, (_, input) => data[input * units + unit]!),
  );
}

/** The curve of a loss that is known for every epoch. */
export function curveOf(label: string, losses: readonly number[]): Curve {
  return { label, points: losses.map((loss, epoch) => ({ epoch, loss })) };
}
