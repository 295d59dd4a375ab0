// Compares newly computed reference figures with those in the repository.

/** The maximum error of a number, relative to at least SMALL, by its dtype. */
const TOLERANCE = { float32: 1e-5, float64: 1e-10 };

/** A number that has come near 0 keeps the rounding errors of its larger terms. */
const SMALL = 0.1;

/** The key of what may differ: the versions of packages. */
const IGNORED = "versions";

/**
 * Where two JSON documents differ by more than the rounding errors of another processor: for each difference its path
 * and what differs. The nearest enclosing object with a `dtype` says the dtype of numbers; without one, they are
 * float64. Texts with a dtype are base64 of numbers. Texts without one must be equal.
 *
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {Record<"float32" | "float64", number>} [tolerance]
 * @returns {string[]}
 */
export function findDifferences(actual, expected, tolerance = TOLERANCE) {
  return differencesAt("", undefined, actual, expected, tolerance);
}

/** `dtype`: that of the nearest enclosing object; undefined if none has one. */
function differencesAt(path, dtype, actual, expected, tolerance) {
  if (Object.is(actual, expected)) return [];
  const difference = (text) => [`${path || "the document"}: ${text}`];
  if (typeof actual === "number" && typeof expected === "number") {
    const error = largestError([actual], [expected]);
    return error <= tolerance[dtype ?? "float64"] ? [] : difference(`${actual} instead of ${expected}`);
  }
  if (typeof actual === "string" && typeof expected === "string") {
    const error = dtype ? largestError(decode(dtype, actual), decode(dtype, expected)) : Infinity;
    return error <= tolerance[dtype ?? "float64"] ? [] : difference(`another text; error ${error}`);
  }
  if (!isObject(actual) || !isObject(expected) || Array.isArray(actual) !== Array.isArray(expected)) {
    return difference("another type");
  }
  const keys = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  keys.delete(IGNORED);
  return [...keys].flatMap((key) =>
    differencesAt(
      path ? `${path}.${key}` : key,
      expected.dtype ?? dtype,
      actual[key],
      expected[key],
      tolerance,
    ),
  );
}

/** @returns {value is Record<string, any>} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** The numbers of a base64 text. */
function decode(dtype, text) {
  const bytes = Buffer.from(text, "base64");
  const size = dtype === "float32" ? 4 : 8;
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
    dtype === "float32" ? bytes.readFloatLE(size * i) : bytes.readDoubleLE(size * i),
  );
}

/** The largest error of the numbers, relative to at least SMALL; infinite for other lengths and NaN. */
function largestError(actual, expected) {
  if (actual.length !== expected.length) return Infinity;
  const errors = actual.map((value, i) => {
    const error = Math.abs(value - expected[i]) / Math.max(SMALL, Math.abs(expected[i]));
    return Number.isNaN(error) ? Infinity : error;
  });
  return Math.max(...errors);
}
