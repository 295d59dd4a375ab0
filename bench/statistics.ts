export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Rounded to four digits: measured times are not more exact. */
export function round4(value: number): number {
  return Number(value.toPrecision(4));
}
