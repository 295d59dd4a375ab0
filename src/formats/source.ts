// What the predictors in JavaScript and in C share: the formulas of the activations, and numbers as text.

import type { ActivationName, DenseLayer, DType, FloatArray } from "../index.js";
import { BackpropError } from "../index.js";
import { show } from "../show.js";
import { type OptionsOf, readOptions } from "../validation.js";

export interface SourceOptions {
  /** The name of the function; default "predict". Letters, digits and _, not beginning with a digit. */
  readonly name?: string;
}

export const SOURCE_OPTIONS: OptionsOf<SourceOptions> = {
  name: { check: requireIdentifier, default: "predict" },
};

export function readName(of: string, options: SourceOptions): string {
  return readOptions(of, options, SOURCE_OPTIONS).name!;
}

function requireIdentifier(argument: string, value: unknown): void {
  if (typeof value === "string" && /^[A-Za-z_]\w{0,63}$/.test(value)) return;
  throw new BackpropError(
    "invalidOption",
    `${argument} is ${show(value)}; expected 1 to 64 letters, digits and _, not beginning with a digit.`,
  );
}

/**
 * Each activation but softmax as an expression of z that JavaScript and C share. In braces are functions of the
 * mathematical library, and constants. None overflows or cancels, except where the result does.
 */
const FORMULAS: Readonly<Record<Exclude<ActivationName, "softmax">, string>> = {
  linear: "z",
  sigmoid: "1 / (1 + {exp}(-z))",
  tanh: "{tanh}(z)",
  relu: "{max}(z, 0)",
  leakyRelu: "z > 0 ? z : {alpha} * z",
  elu: "z > 0 ? z : {alpha} * {expm1}(z)",
  // z Φ(z), and Φ(z) = erfc(−z/√2) / 2.
  gelu: "z * {erfc}(z * {-0.7071067811865476}) / 2",
  // ½ z (1 + tanh u) = z / (1 + e⁻²ᵘ), u = √(2/π) (z + 0.044715 z³).
  geluTanh: "z / (1 + {exp}({-1.5957691216057308} * (z + {0.044715} * z * z * z)))",
  silu: "z / (1 + {exp}(-z))",
  softplus: "{max}(z, 0) + {log1p}({exp}(-{abs}(z)))",
  hardSigmoid: "{min}({max}((z + 3) / 6, 0), 1)",
  hardTanh: "{min}({max}(z, -1), 1)",
  selu: "{1.0507009873554805} * (z > 0 ? z : {1.6732632423543772} * {expm1}(z))",
  mish: "z * {tanh}({max}(z, 0) + {log1p}({exp}(-{abs}(z))))",
  softsign: "z / (1 + {abs}(z))",
  exponential: "{exp}(z)",
};

/** How a language writes functions of the mathematical library, and numbers. */
export interface Language {
  readonly call: (name: string) => string;
  readonly number: (value: number) => string;
}

/** The activation of a dense layer as an expression of z. Of softmax: z, because it needs all units. */
export function activationOf({ activation, alpha }: DenseLayer, { call, number }: Language): string {
  if (activation === "softmax") return "z";
  return FORMULAS[activation].replace(/\{(.+?)\}/g, (_, name: string) => {
    if (name === "alpha") return number(alpha);
    return Number.isNaN(Number(name)) ? call(name) : number(Number(name));
  });
}

/**
 * A number in decimal digits that are read as the same number of the dtype, as few as possible for most float32. 9
 * significant digits always suffice for a float32: half a unit in its last place is at least 3·10⁻⁸ of it.
 */
export function digitsOf(dtype: DType, value: number): string {
  if (dtype === "float64") return plain(value);
  for (let power = 1; power <= 1e15; power *= 10) {
    const rounded = Math.round(value * power) / power;
    if (Object.is(Math.fround(rounded), value)) return plain(rounded);
  }
  return plain(Number(value.toPrecision(9)));
}

function plain(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** All numbers of the dtype, separated by commas. */
export function listOf(dtype: DType, values: FloatArray, number = digitsOf): string {
  return Array.from(values, (value) => number(dtype, value)).join(",");
}
