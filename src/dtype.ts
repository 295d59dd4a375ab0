import { BackpropError } from "./errors.js";

/** The type of parameters, data and arithmetic. */
export type DType = "float32" | "float64";

export type FloatArray = Float32Array | Float64Array;

const ARRAYS = { float32: Float32Array, float64: Float64Array, uint32: Uint32Array } as const;

/** The size of linear memory: no array that a network can use is larger. */
const MAX_BYTES = 2 ** 32;

/** The maximum count of numbers in data or parameters: as many float32 numbers as linear memory holds. */
export const MAX_NUMBERS = MAX_BYTES / 4;

/** @throws BackpropError `outOfMemory` if an array of that length cannot be allocated. */
export function allocate<T extends keyof typeof ARRAYS>(
  type: T,
  length: number,
): InstanceType<(typeof ARRAYS)[T]> {
  const ArrayOfType = ARRAYS[type];
  try {
    if (!(length * ArrayOfType.BYTES_PER_ELEMENT <= MAX_BYTES)) throw new RangeError("more than 4 GiB");
    return new ArrayOfType(length) as InstanceType<(typeof ARRAYS)[T]>;
  } catch (cause) {
    throw new BackpropError(
      "outOfMemory",
      `No array of ${length} ${type} numbers can be allocated. Use fewer at a time.`,
      { cause },
    );
  }
}

/** The getters of typed arrays, which subclasses cannot override. */
const TYPED_ARRAY = Object.getPrototypeOf(Float64Array.prototype) as object;
/** The name of a typed array's class, such as "Int8Array", of any realm; undefined for every other value. */
export const tagOf = getterOf<string | undefined>(Symbol.toStringTag);
/** The number of elements of a typed array. */
export const lengthOf = getterOf<number>("length");

function getterOf<T>(name: PropertyKey): (value: unknown) => T {
  const { get } = Object.getOwnPropertyDescriptor(TYPED_ARRAY, name)!;
  return (value) => get!.call(value) as T;
}

/** The dtype of a Float32Array or Float64Array of any realm; undefined for every other value. */
export function dtypeOf(value: unknown): DType | undefined {
  const tag = tagOf(value);
  if (tag === "Float32Array") return "float32";
  return tag === "Float64Array" ? "float64" : undefined;
}

/** Whether `value` is a Uint8Array or a Uint8ClampedArray of any realm. */
export function isBytes(value: unknown): value is Uint8Array {
  const tag = tagOf(value);
  return tag === "Uint8Array" || tag === "Uint8ClampedArray";
}

/** Whether `value` is a typed array of `length` elements, even if a subclass overrides `length`. */
export function isTypedArray(value: unknown, length: number): boolean {
  return tagOf(value) !== undefined && lengthOf(value) === length;
}

/** The smallest number above 0 that each dtype holds in full precision. */
const SMALLEST_NORMAL: Record<DType, number> = { float32: 2 ** -126, float64: 2 ** -1022 };

/** `value` in that dtype. Numbers that it holds only in reduced precision count as 0. */
export function roundTo(dtype: DType, value: number): number {
  const rounded = dtype === "float32" ? Math.fround(value) : value;
  return Math.abs(rounded) < SMALLEST_NORMAL[dtype] ? 0 : rounded;
}
