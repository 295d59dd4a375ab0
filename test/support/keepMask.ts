// The definition of the dropout mask (assembly/random/mask.ts), one element at a time.

import { philox } from "./philox.js";

/** Purpose.Dropout of assembly/random/philox.ts. */
const DROPOUT = 2;

export interface MaskKey {
  readonly seed: number;
  /** The number of training steps that the network has taken. */
  readonly step: number;
  /** The index of the dropout layer in the network. */
  readonly layer: number;
  readonly rate: number;
}

/** Whether unit `unit` is kept in row `row` of the batch. */
export function keeps(row: number, unit: number, { seed, step, layer, rate }: MaskKey): boolean {
  const words = philox([Math.floor(row / 4), unit, layer, step], [seed, DROPOUT]);
  return words[row % 4]! >= Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
}
