// What the predictors in JavaScript and in C share: the formulas of the activations, and numbers as text.

import type { ActivationName, DenseLayer, DType, FloatArray, Layer } from "../index.js";
import { BackpropError } from "../index.js";
import { type Exportable, type Predictor, readPredictor } from "./predictor.js";

export interface SourceOptions {
  /**
   * The name of the function; default "predict". Letters, digits and _, not beginning with a digit; no word that means
   * something else in the language, such as "class".
   */
  readonly name?: string;
}

/**
 * Reads what is exported as a program.
 *
 * @throws BackpropError as `readPredictor`, and `invalidData` for numbers that are not finite: comparisons and maxima
 *   with NaN differ between languages.
 */
export function readProgram(given: Exportable<readonly Layer[]>): Predictor {
  const predictor = readPredictor(given);
  for (const { index, tensors } of predictor.network.layers) {
    for (const [name, tensor] of Object.entries(tensors)) {
      const wrong = tensor!.data.findIndex((value) => !Number.isFinite(value));
      if (wrong < 0) continue;
      throw new BackpropError(
        "invalidData",
        `${name} of the network's layer ${index} has ${tensor!.data[wrong]} at ${wrong}; expected finite numbers. ` +
          "Train the network again, or set its parameters.",
      );
    }
  }
  return predictor;
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
