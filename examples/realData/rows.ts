// Splits and scales the rows of a table.

import { numpyRandom } from "backprop-wasm";

/** Rows of numbers, and the target of each. */
export interface Samples {
  readonly inputs: readonly (readonly number[])[];
  readonly targets: readonly number[];
}

export interface Split {
  readonly train: Samples;
  readonly test: Samples;
}

/** `count` splits of the rows, in a random order. Each row is a test row of exactly one split. */
export function splitRows({ inputs, targets }: Samples, count: number, seed: number): Split[] {
  const order = Array.from(numpyRandom(seed).permutation(inputs.length));
  const take = (rows: readonly number[]): Samples => ({
    inputs: rows.map((row) => inputs[row]!),
    targets: rows.map((row) => targets[row]!),
  });
  return Array.from({ length: count }, (_, split) => ({
    train: take(order.filter((_, i) => i % count !== split)),
    test: take(order.filter((_, i) => i % count === split)),
  }));
}

/** Returns a function that scales columns so that each column of `rows` has mean 0 and deviation 1. */
export function standardizer(rows: readonly (readonly number[])[]) {
  const columns = rows[0]!.map((_, column) => {
    const values = rows.map((row) => row[column]!);
    const mean = meanOf(values);
    const deviation = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
    return { mean, scale: deviation || 1 };
  });
  return (given: readonly (readonly number[])[]): number[][] =>
    given.map((row) => columns.map(({ mean, scale }, i) => (row[i]! - mean) / scale));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
