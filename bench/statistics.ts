export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Rounded to four digits: no clock is good for more. */
export function round4(value: number): number {
  return Number(value.toPrecision(4));
}
