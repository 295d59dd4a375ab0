// NumPy's file format for one array, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html:
// "\x93NUMPY", a version, the length of a header, the header (a Python dict as text), and the elements.

import { allocate, isTypedArray, tagOf } from "../dtype.js";
import { BackpropError, type ShapedData } from "../index.js";
import { show } from "../show.js";
import { attempt, requireObject } from "../validation.js";
import { malformed, requireBytes, viewOf } from "./bytes.js";

/** The elements of an array that `readNpy` returns. */
export type NpyData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** An array of NumPy. Its rows can be given to `fit` and `predict`. */
export interface NpyArray extends ShapedData {
  /** Row-major. */
  readonly data: NpyData;
  /** One length for each dimension; [] for a scalar, whose data is one number. */
  readonly shape: readonly number[];
}

/** A type of elements in a file: its size in bytes, and how to make an array of numbers from a copy of the bytes. */
interface ElementType {
  readonly size: number;
  readonly decode: (bytes: ArrayBuffer, argument: string) => NpyData;
}

/** The typed arrays with the type that NumPy has for their elements. */
const ARRAYS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
} as const;

const TYPES: Readonly<Record<string, ElementType>> = {
  ...Object.fromEntries(
    Object.entries(ARRAYS).map(([name, ArrayOfType]): [string, ElementType] => [
      name,
      { size: ArrayOfType.BYTES_PER_ELEMENT, decode: (bytes) => new ArrayOfType(bytes) },
    ]),
  ),
  b1: { size: 1, decode: (bytes) => new Uint8Array(bytes) },
  f2: { size: 2, decode: (bytes) => Float32Array.from(new Uint16Array(bytes), halfOf) },
  i8: { size: 8, decode: (bytes, argument) => integersOf(new BigInt64Array(bytes), argument) },
  u8: { size: 8, decode: (bytes, argument) => integersOf(new BigUint64Array(bytes), argument) },
};

const MAGIC = "\x93NUMPY";

/** The maximum number of dimensions of NumPy 2. */
const MAX_DIMENSIONS = 64;

/**
 * The array in a .npy file: C or Fortran order, little or big endian, versions 1 to 3 of the format. The data are a new
 * array. float32, float64 and integers of 8 to 32 bits keep their type. bool becomes a Uint8Array, float16 a
 * Float32Array. int64 and uint64 become a Float64Array, which holds integers up to 2⁵³.
 *
 * @param bytes the content of the file, to its last byte.
 * @throws BackpropError `invalidData` if the bytes are no whole .npy file, or an int64 is too large; `unsupported` for
 *   other types, such as complex numbers, text and Python objects; `invalidOption` for a value that is not bytes.
 */
export function readNpy(bytes: Uint8Array | ArrayBuffer): NpyArray {
  return parseNpy("bytes", requireBytes("bytes", bytes));
}

/** As `readNpy`. `argument`: the name of the bytes in messages. */
export function parseNpy(argument: string, bytes: Uint8Array): NpyArray {
  const { text, end } = readHeader(argument, bytes);
  const { type, isSwapped, isFortran, shape } = parseHeader(argument, text);
  const count = shape.reduce((product, length) => product * length, 1);
  const rest = bytes.length - end;
  if (count * type.size !== rest) {
    throw malformed(argument, `${rest} bytes follow the header; expected ${count} × ${type.size} bytes`);
  }
  const copy = bytes.slice(end);
  if (isSwapped) reverseEach(copy, type.size);
  const data = type.decode(copy.buffer as ArrayBuffer, argument);
  return { shape, data: isFortran ? toRowMajor(data, shape) : data };
}

function readHeader(argument: string, bytes: Uint8Array): { text: string; end: number } {
  if (latin1(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw malformed(argument, 'it does not begin with "\\x93NUMPY", so it is not a .npy file');
  }
  const version = bytes[MAGIC.length] ?? 0;
  const begin = version === 1 ? 10 : 12;
  if (bytes.length < begin) throw malformed(argument, "it ends within the header");
  if (version < 1 || version > 3) throw malformed(argument, `it has version ${version}; expected 1, 2 or 3`);
  const view = viewOf(bytes);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const end = begin + length;
  if (end > bytes.length) throw malformed(argument, "it ends within the header");
  // Version 3 is UTF-8, but only the names of fields of structured types, which are refused, can have other characters.
  return { text: latin1(bytes.subarray(begin, end)), end };
}

/** The header is a Python dict with these three keys. */
const ORDER = /["']fortran_order["']\s*:\s*(True|False)\b/;
const SHAPE = /["']shape["']\s*:\s*\(([\d\s,]*)\)/;
const DESCRIPTION = /["']descr["']\s*:\s*["']([<>=|]?)(\w+)["']/;

function parseHeader(argument: string, text: string) {
  const order = ORDER.exec(text);
  const lengths = SHAPE.exec(text);
  if (!order || !lengths) throw malformed(argument, `its header is ${show(text)}`);
  const shape = lengths[1]!
    .split(",")
    .map((length) => length.trim())
    .filter((length) => length !== "")
    .map(Number);
  if (shape.length > MAX_DIMENSIONS || !shape.every(Number.isSafeInteger)) {
    throw malformed(argument, `its shape is (${show(lengths[1])})`);
  }
  const [, byteOrder, name = ""] = DESCRIPTION.exec(text) ?? [];
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (!type) {
    throw new BackpropError(
      "unsupported",
      `${argument} has elements of a type that is not supported: ${show(text.trim())}. ` +
        "Save booleans, integers or float16 to float64, such as array.astype(numpy.float64).",
    );
  }
  return {
    type,
    isSwapped: byteOrder === ">",
    isFortran: order[1] === "True",
    shape: Object.freeze(shape),
  };
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Reverses the bytes of each element. */
function reverseEach(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** A float16 (IEEE 754 binary16) from its bits. */
function halfOf(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function integersOf(values: BigInt64Array | BigUint64Array, argument: string): Float64Array {
  const numbers = allocate("float64", values.length);
  for (let i = 0; i < values.length; i++) {
    numbers[i] = Number(values[i]);
    if (Number.isSafeInteger(numbers[i])) continue;
    throw new BackpropError(
      "invalidData",
      `${argument} has the integer ${values[i]} as element ${i}; expected integers from −(2^53 − 1) to 2^53 − 1.`,
    );
  }
  return numbers;
}

/** A row-major copy of column-major data: the first index varied fastest, and now the last one does. */
function toRowMajor<T extends NpyData>(data: T, shape: readonly number[]): T {
  const copy = data.slice() as T;
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    copy[to] = data[from]!;
    from = advance(index, shape, from);
  }
  return copy;
}

/** Advances the index to the next element in row-major order. Returns the element's place in column-major order. */
function advance(index: number[], shape: readonly number[], place: number): number {
  let stride = 1;
  for (let d = 0; d < shape.length - 1; d++) stride *= shape[d]!;
  for (let d = shape.length - 1; d >= 0; d--) {
    index[d]!++;
    place += stride;
    if (index[d]! < shape[d]!) return place;
    place -= stride * shape[d]!;
    index[d] = 0;
    if (d > 0) stride /= shape[d - 1]!;
  }
  return place;
}

/**
 * A .npy file (version 1.0, row-major, little-endian) with the elements of a typed array, or of an array of numbers,
 * which becomes float64. `numpy.load` reads it. Tensors of the library, such as `network.parameters[0].kernel`, have
 * the required properties.
 *
 * @throws BackpropError `invalidOption` for other data, `invalidShape` if the shape has another number of elements.
 */
export function writeNpy(array: ShapedData): Uint8Array {
  return formatNpy("array", array);
}

/** As `writeNpy`. `argument`: the name of the array in messages. */
export function formatNpy(argument: string, array: unknown): Uint8Array {
  const { type, data, shape } = attempt("invalidOption", argument, () => readArray(argument, array));
  const { byteLength } = data;
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order = data.BYTES_PER_ELEMENT === 1 ? "|" : "<";
  const text = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': (${lengths}), }`;
  // The elements begin at a multiple of 64 bytes, and a line break ends the header.
  const end = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(end + byteLength).fill(0x20, 0, end);
  const write = (offset: number, part: string) => {
    for (let i = 0; i < part.length; i++) bytes[offset + i] = part.charCodeAt(i);
  };
  write(0, `${MAGIC}\x01\x00`);
  viewOf(bytes).setUint16(8, end - 10, true);
  write(10, text);
  write(end - 1, "\n");
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, byteLength), end);
  return bytes;
}

interface TypedData {
  readonly type: string;
  readonly data: NpyData;
  readonly shape: readonly number[];
}

function readArray(argument: string, array: unknown): TypedData {
  requireObject(argument, array, "an array such as { data: new Float32Array(6), shape: [2, 3] }");
  const { data, shape } = array as ShapedData;
  const { lengths, size } = readShape(argument, shape);
  const typed = typeOf(data);
  const isWhole = typed ? isTypedArray(data, size) : !Array.isArray(data) || data.length === size;
  if (!isWhole) {
    throw new BackpropError(
      "invalidShape",
      `${argument}.data is ${show(data)} of another length than the ${size} elements of the shape [${lengths.join(", ")}].`,
    );
  }
  return { ...(typed ?? { type: "f8", data: float64sOf(`${argument}.data`, data, size) }), shape: lengths };
}

function readShape(argument: string, shape: unknown) {
  const dimensions: unknown = Array.isArray(shape) ? shape.length : undefined;
  const isShort = typeof dimensions === "number" && dimensions <= MAX_DIMENSIONS;
  const lengths = isShort ? Array.from(shape as number[]) : [];
  const size = lengths.reduce((product, length) => product * length, 1);
  const isLength = (length: unknown) => Number.isSafeInteger(length) && (length as number) >= 0;
  if (isShort && lengths.every(isLength) && Number.isSafeInteger(size)) return { lengths, size };
  throw new BackpropError(
    "invalidOption",
    `${argument}.shape is ${show(shape)}; expected an array of at most ${MAX_DIMENSIONS} lengths.`,
  );
}

/** The type of a typed array in files. A Uint8ClampedArray is stored as a Uint8Array. */
function typeOf(data: unknown): { type: string; data: NpyData } | undefined {
  const tag = tagOf(data)?.replace("Clamped", "");
  const type = Object.entries(ARRAYS).find(([, { name }]) => name === tag)?.[0];
  return type ? { type, data: data as NpyData } : undefined;
}

function float64sOf(argument: string, data: unknown, size: number): Float64Array {
  if (!Array.isArray(data)) {
    const expected =
      "a Float32Array, a Float64Array, a typed array of integers below 64 bits, or an array of numbers";
    throw new BackpropError("invalidOption", `${argument} is ${show(data)}; expected ${expected}.`);
  }
  const copy = allocate("float64", size);
  for (let i = 0; i < size; i++) {
    const value: unknown = data[i];
    if (typeof value !== "number") {
      throw new BackpropError("invalidOption", `${argument}[${i}] is ${show(value)}; expected a number.`);
    }
    copy[i] = value;
  }
  return copy;
}
