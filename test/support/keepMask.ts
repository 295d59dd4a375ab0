// The definition of the dropout mask (assembly/random/mask.ts), one element at a time.

/** Purpose.Dropout of assembly/random/philox.ts. */
const DROPOUT = 2n;

export interface MaskKey {
  readonly seed: number;
  /** Training steps that the network has taken before. */
  readonly step: number;
  /** Index of the dropout layer in the network. */
  readonly layer: number;
  readonly rate: number;
}

/** Whether row `row` of the batch keeps unit `unit`. */
export function keeps(row: number, unit: number, { seed, step, layer, rate }: MaskKey): boolean {
  const words = philox([Math.floor(row / 4), unit, layer, step].map(BigInt), [BigInt(seed), DROPOUT]);
  return words[row % 4]! >= Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
}

/** Philox 4x32-10 as the paper writes it. */
function philox(counter: readonly bigint[], key: readonly bigint[]): number[] {
  let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const first = 0xd2511f53n * c0;
    const second = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(second >> 32n) ^ c1 ^ k0, low(second), (first >> 32n) ^ c3 ^ k1, low(first)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

function low(value: bigint): bigint {
  return BigInt.asUintN(32, value);
}
