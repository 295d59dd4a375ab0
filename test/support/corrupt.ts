// Files that are damaged.

import { expect } from "vitest";
import { BackpropError } from "../../src/index.js";

/** Every beginning of a file that is not the whole file. */
export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length);
}

/** Copies in which one to four bytes are others, the same each time. */
export function* corruptions(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  let state = 1;
  const draw = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < count; i++) {
    const copy = bytes.slice();
    for (let change = draw(4); change >= 0; change--) copy[draw(bytes.length)] = draw(256);
    yield copy;
  }
}

/** Fails if `read` throws, or rejects with, another error than a BackpropError. Returns how often it did. */
export async function countRefusals(
  files: Iterable<Uint8Array>,
  read: (bytes: Uint8Array) => unknown,
): Promise<number> {
  let refusals = 0;
  for (const bytes of files) {
    try {
      const result = await read(bytes);
      (result as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
    } catch (error) {
      if (!(error instanceof BackpropError)) expect.fail(`${error}: ${Buffer.from(bytes).toString("hex")}`);
      refusals++;
    }
  }
  return refusals;
}
