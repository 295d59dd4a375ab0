// NumPy's file format for several arrays: a ZIP archive of .npy files. Inflating and writing is the work of fflate. The
// directory is read here, because fflate trusts its sizes and does not compare checksums. PKWARE, APPNOTE 6.3.10.

import { inflateSync, zipSync } from "fflate";
import { BackpropError, type ShapedData } from "../index.js";
import { reasonOf, show } from "../show.js";
import { attempt, type OptionsOf, ofType, readOptions, requireObject } from "../validation.js";
import { malformed, requireBytes, viewOf } from "./bytes.js";
import { formatNpy, type NpyArray, parseNpy } from "./npy.js";

const EXTENSION = ".npy";

/** Signatures and fixed sizes, in bytes, of the parts of an archive. */
const END = { signature: 0x06054b50, size: 22, name: "the end of the directory" };
const ENTRY = { signature: 0x02014b50, size: 46, name: "an entry of the directory" };
const MEMBER = { signature: 0x04034b50, size: 30, name: "a member" };

/** The end record is followed by a comment of at most 65535 bytes. */
const MAX_COMMENT = 0xffff;

/** An archive with this many files, or more, would be of the format ZIP64. */
const ZIP64_COUNT = 0xffff;

const STORED = 0;
const DEFLATED = 8;

/** Deflate cannot make data smaller than this: 258 bytes take at least 2 bits. */
const MAX_RATIO = 1032;

/** A file in an archive, from its directory. */
interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where the member begins in the archive. */
  readonly offset: number;
}

/**
 * The arrays in a .npz file by their names, as `numpy.savez` and `numpy.savez_compressed` write it. See `readNpy`. The
 * checksum of each array is compared.
 *
 * @throws BackpropError `invalidData` if the bytes are no whole .npz file or a checksum differs, `unsupported` for types
 *   that `readNpy` refuses, for other files in the archive, and for encrypted archives and those above 4 GiB;
 *   `invalidOption` for a value that is not bytes.
 */
export function readNpz(bytes: Uint8Array | ArrayBuffer): Record<string, NpyArray> {
  const archive = requireBytes("bytes", bytes);
  const arrays = new Map<string, NpyArray>();
  let total = 0;
  for (const entry of readDirectory(archive)) {
    const name = nameOf(entry);
    if (arrays.has(name)) throw malformed("bytes", `it has two arrays of the name ${show(name)}`);
    total += entry.compressedSize;
    // Members that overlap would let a small archive fill the memory.
    if (total > archive.length) throw malformed("bytes", "its members overlap");
    arrays.set(name, parseNpy(`bytes[${show(name)}]`, readMember(archive, entry)));
  }
  return Object.fromEntries(arrays);
}

function nameOf({ name }: Entry): string {
  if (name.endsWith(EXTENSION)) return name.slice(0, -EXTENSION.length);
  throw new BackpropError(
    "unsupported",
    `bytes has the file ${show(name)}; expected only .npy files in a .npz archive.`,
  );
}

function* readDirectory(archive: Uint8Array): Generator<Entry> {
  const view = viewOf(archive);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  let offset = view.getUint32(end + 16, true);
  if (count === ZIP64_COUNT || offset === 0xffffffff) throw tooLarge();
  for (let i = 0; i < count; i++) {
    requirePart(view, offset, ENTRY);
    const nameLength = view.getUint16(offset + 28, true);
    const size =
      ENTRY.size + nameLength + view.getUint16(offset + 30, true) + view.getUint16(offset + 32, true);
    if (offset + size > end) throw malformed("bytes", "its directory ends within an entry");
    yield {
      name: new TextDecoder().decode(archive.subarray(offset + ENTRY.size, offset + ENTRY.size + nameLength)),
      flags: view.getUint16(offset + 8, true),
      method: view.getUint16(offset + 10, true),
      checksum: view.getUint32(offset + 16, true),
      compressedSize: view.getUint32(offset + 20, true),
      size: view.getUint32(offset + 24, true),
      offset: view.getUint32(offset + 42, true),
    };
    offset += size;
  }
}

/** Where the last end record begins whose comment reaches to the end of the archive. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END.size;
  for (let offset = last; offset >= Math.max(0, last - MAX_COMMENT); offset--) {
    if (view.getUint32(offset, true) !== END.signature) continue;
    if (view.getUint16(offset + 20, true) === last - offset) return offset;
  }
  throw malformed("bytes", "it has no directory of a ZIP archive, so it is not a whole .npz file");
}

function requirePart(view: DataView, offset: number, part: typeof ENTRY): void {
  const isInside = offset + part.size <= view.byteLength;
  if (isInside && view.getUint32(offset, true) === part.signature) return;
  throw malformed("bytes", `${part.name} is expected at byte ${offset}, where there is none`);
}

/** The content of a member, inflated. */
function readMember(archive: Uint8Array, { name, flags, method, ...entry }: Entry): Uint8Array {
  const view = viewOf(archive);
  if (entry.size === 0xffffffff || entry.offset === 0xffffffff) throw tooLarge();
  if (flags & 1 || (method !== STORED && method !== DEFLATED)) {
    const how = flags & 1 ? "encrypted" : `compressed by method ${method}`;
    throw new BackpropError(
      "unsupported",
      `bytes has the file ${show(name)}, which is ${how}; expected it stored or deflated.`,
    );
  }
  requirePart(view, entry.offset, MEMBER);
  const begin =
    entry.offset +
    MEMBER.size +
    view.getUint16(entry.offset + 26, true) +
    view.getUint16(entry.offset + 28, true);
  if (begin + entry.compressedSize > archive.length) throw malformed("bytes", `it ends within ${show(name)}`);
  const stored = archive.subarray(begin, begin + entry.compressedSize);
  const content = method === STORED ? stored : inflate(name, stored, entry.size);
  if (content.length !== entry.size || checksumOf(content) !== entry.checksum) {
    throw malformed("bytes", `the checksum of ${show(name)} differs, so the file was altered`);
  }
  return content;
}

function inflate(name: string, deflated: Uint8Array, size: number): Uint8Array {
  if (size > deflated.length * MAX_RATIO) {
    throw malformed(
      "bytes",
      `${show(name)} claims ${size} bytes, more than ${deflated.length} bytes can hold`,
    );
  }
  try {
    return inflateSync(deflated, { out: new Uint8Array(size) });
  } catch (cause) {
    throw malformed("bytes", `${show(name)} cannot be inflated: ${reasonOf(cause)}`, cause);
  }
}

function tooLarge(): BackpropError {
  return new BackpropError(
    "unsupported",
    "bytes is a ZIP64 archive; expected an archive of less than 4 GiB and fewer than 65535 arrays.",
  );
}

/** The remainders of all bytes for the CRC-32 of ZIP, polynomial 0xedb88320. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

function checksumOf(bytes: Uint8Array): number {
  let remainder = -1;
  for (const byte of bytes) remainder = (remainder >>> 8) ^ REMAINDERS[(remainder ^ byte) & 255]!;
  return ~remainder >>> 0;
}

export interface NpzOptions {
  /** Whether the arrays are deflated, as `numpy.savez_compressed` does; default false. */
  readonly compress?: boolean;
}

const OPTIONS: OptionsOf<NpzOptions> = { compress: { check: ofType("boolean"), default: false } };

/**
 * A .npz file with arrays by their names. `numpy.load` reads it. The same arrays give the same bytes. See `writeNpy`.
 *
 * @throws BackpropError `invalidOption`, `invalidShape`.
 */
export function writeNpz(arrays: Readonly<Record<string, ShapedData>>, options: NpzOptions = {}): Uint8Array {
  requireObject("arrays", arrays, "an object of arrays by their names");
  const { compress } = readOptions("writeNpz", options, OPTIONS);
  const files = attempt("invalidOption", "arrays", () =>
    Object.entries(arrays).map(([name, array]) => [
      name + EXTENSION,
      formatNpy(`arrays[${show(name)}]`, array),
    ]),
  );
  if (files.length >= ZIP64_COUNT) {
    throw new BackpropError(
      "unsupported",
      `arrays has ${files.length} arrays; expected fewer than ${ZIP64_COUNT}. Write several archives.`,
    );
  }
  // The time of ZIP's epoch, in local time because fflate writes that: the bytes depend on the arrays alone.
  return zipSync(Object.fromEntries(files), { level: compress ? 6 : 0, mtime: new Date(1980, 0, 1) });
}
