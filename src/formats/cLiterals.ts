// Numbers and texts as literals of C.

import { BackpropError, type DType } from "../index.js";
import { show } from "../show.js";
import { digitsOf } from "./source.js";

/** The type of the numbers, and the suffix of the functions and literals of that type. */
export const TYPES: Readonly<Record<DType, { readonly type: string; readonly suffix: string }>> = {
  float32: { type: "float", suffix: "f" },
  float64: { type: "double", suffix: "" },
};

/** A literal of the dtype. 1 would be an int. */
export function literalOf(dtype: DType, value: number): string {
  const digits = digitsOf(dtype, value);
  return (/[.e]/.test(digits) ? digits : `${digits}.0`) + TYPES[dtype].suffix;
}

/**
 * A literal of the text's bytes in UTF-8. Bytes that are not ASCII are octal, which has three digits at most, and so are
 * `"`, `\` and `?`, which begins trigraphs.
 *
 * @throws BackpropError `unsupported` for U+0000, which ends the texts of C.
 */
export function textLiteral(text: string): string {
  if (text.includes("\0")) {
    throw new BackpropError(
      "unsupported",
      `The model has the text ${show(text)}, with the character U+0000, which ends a text in C. Use toJavaScript or toOnnx.`,
    );
  }
  const characters = Array.from(new TextEncoder().encode(text), (byte) =>
    byte >= 32 && byte < 127 && !'"\\?'.includes(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, "0")}`,
  );
  return `"${characters.join("")}"`;
}
