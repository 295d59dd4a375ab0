// Reads IDX files, the format of MNIST: http://yann.lecun.com/exdb/mnist

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

export interface Idx {
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 8;
const HEADER_BYTES = 4;

/** Reads a gzip file of unsigned bytes. */
export async function readIdx(path: string): Promise<Idx> {
  return parseIdx(await promisify(gunzip)(await readFile(path)));
}

/** @throws Error if `bytes` are not an IDX file of unsigned bytes. */
export function parseIdx(bytes: Uint8Array): Idx {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [zero, type, rank] = [view.getUint16(0), view.getUint8(2), view.getUint8(3)];
  if (zero !== 0 || type !== UNSIGNED_BYTE) throw new Error("This is not an IDX file of unsigned bytes.");
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(HEADER_BYTES * (1 + i)));
  const data = bytes.subarray(HEADER_BYTES * (1 + rank));
  const expected = shape.reduce((product, size) => product * size, 1);
  if (data.length === expected) return { shape, data };
  throw new Error(`The IDX file has ${data.length} numbers; expected ${expected} of shape [${shape}].`);
}
