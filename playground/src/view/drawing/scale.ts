// Where values are on a canvas, and the numbers of axes.

/** A linear map of [min, max] to [from, to]. A single value is in the middle. */
export function scaleOf(
  [min, max]: readonly [number, number],
  from: number,
  to: number,
): (value: number) => number {
  if (max === min) return () => (from + to) / 2;
  const factor = (to - from) / (max - min);
  return (value) => from + (value - min) * factor;
}

/** Round numbers within [min, max]: multiples of 1, 2 or 5 times a power of ten, about `count` of them. */
export function ticksOf([min, max]: readonly [number, number], count: number): number[] {
  if (!(max > min)) return [min];
  const raw = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
  const first = Math.ceil(min / step);
  const last = Math.floor(max / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Powers of ten within [min, max], at most about six. */
export function powersOf([min, max]: readonly [number, number]): number[] {
  const [first, last] = [Math.ceil(Math.log10(min)), Math.floor(Math.log10(max))];
  const stride = Math.max(1, Math.ceil((last - first) / 5));
  const exponents = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => last - i);
  return exponents.filter((_, i) => i % stride === 0).map((exponent) => 10 ** exponent);
}
