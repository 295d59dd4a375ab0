// The safetensors format: https://github.com/huggingface/safetensors#format.
//
//     bytes 0 … 7     length of the header, little-endian
//     the header      JSON: { "name": { "dtype", "shape", "data_offsets": [begin, end] }, …, "__metadata__": { … } }
//     the data        all tensors, little-endian and row-major, without gaps; the offsets count from here

import { BackpropError } from "../errors.js";
import { show } from "../show.js";

/** A tensor as it is in a file. */
export interface FileTensor {
  /** "F32", "F64" or another type of the format. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its numbers, row-major. Need not be aligned. */
  readonly bytes: Uint8Array;
}

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of one number of each type. */
const SIZES: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
/** The data begin at a multiple of this many bytes. */
const ALIGNMENT = 8;
/** The maximum length of a header: that of the format's reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

const encoder = new TextEncoder();

/** The bytes of a file. Tensors of larger numbers come first, so that all are aligned. */
export function writeSafetensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(([, a], [, b]) => SIZES[b.dtype]! - SIZES[a.dtype]!);
  const header: Record<string, unknown> = { [METADATA]: metadata };
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of sorted) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const text = encoder.encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(file.buffer).setUint32(0, headerBytes, true);
  // The format fills the header up with spaces.
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  file.set(text, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const [, { bytes }] of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * The tensors of a file, as views of its bytes. Compares every length with the bytes that are there before it uses it.
 *
 * @throws BackpropError `invalidFile` if the bytes are not a whole safetensors file.
 */
export function readSafetensors(file: Uint8Array): TensorFile {
  const header = readHeader(file);
  const data = file.subarray(headerEnd(file));
  const tensors = new Map<string, FileTensor>();
  let end = 0;
  for (const [name, entry] of byOffset(header)) {
    const { dtype, shape, offsets } = readEntry(name, entry);
    const size = shape.reduce((product, length) => product * length, SIZES[dtype]!);
    if (offsets[0] !== end || offsets[1] !== end + size)
      throw notWhole(`the tensor ${show(name)} has wrong offsets`);
    end = offsets[1];
    if (end > data.length) throw notWhole(`the tensor ${show(name)} ends after the file`);
    tensors.set(name, { dtype, shape, bytes: data.subarray(offsets[0], end) });
  }
  if (end !== data.length) throw notWhole(`${data.length - end} bytes follow the last tensor`);
  return { tensors, metadata: readMetadata(header[METADATA]) };
}

/** Where the data of a file begin, according to its first bytes. */
export function headerEnd(file: Uint8Array): number {
  return LENGTH_BYTES + headerLength(file);
}

function headerLength(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
}

function readHeader(file: Uint8Array): Readonly<Record<string, unknown>> {
  if (file.length < LENGTH_BYTES) throw notWhole(`it has ${file.length} bytes`);
  const length = headerLength(file);
  if (length > file.length - LENGTH_BYTES) throw notWhole("its header ends after the file");
  if (length > MAX_HEADER_BYTES) throw notWhole(`its header has ${length} bytes`);
  let header: unknown;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    header = JSON.parse(decoder.decode(file.subarray(LENGTH_BYTES, LENGTH_BYTES + length)));
  } catch (cause) {
    throw notWhole("its header is not JSON", cause);
  }
  if (!isRecord(header)) throw notWhole("its header is not an object");
  return header;
}

/** The entries of the tensors, in the order of their data. */
function byOffset(header: Readonly<Record<string, unknown>>): [name: string, entry: unknown][] {
  const offset = (entry: unknown, index: 0 | 1) =>
    Number((entry as { data_offsets?: unknown[] } | null)?.data_offsets?.[index]);
  return Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .sort(([, a], [, b]) => offset(a, 0) - offset(b, 0) || offset(a, 1) - offset(b, 1));
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offsets: readonly [begin: number, end: number];
}

function readEntry(name: string, entry: unknown): Entry {
  if (!isRecord(entry)) throw notWhole(`the tensor ${show(name)} has no description`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(SIZES, dtype)) {
    throw notWhole(`the tensor ${show(name)} has the unknown type ${show(dtype)}`);
  }
  if (!isCounts(shape)) throw notWhole(`the tensor ${show(name)} has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2)
    throw notWhole(`the tensor ${show(name)} has no valid offsets`);
  return { dtype, shape, offsets: offsets as unknown as Entry["offsets"] };
}

function readMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (metadata === undefined) return {};
  if (isRecord(metadata) && Object.values(metadata).every((value) => typeof value === "string")) {
    return metadata as Record<string, string>;
  }
  throw notWhole(`its ${METADATA} is not an object of strings`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}

function notWhole(what: string, cause?: unknown): BackpropError {
  return new BackpropError(
    "invalidFile",
    `The bytes are not a whole safetensors file: ${what}. Read the file as bytes, and copy it again if it was cut off.`,
    cause === undefined ? {} : { cause },
  );
}
