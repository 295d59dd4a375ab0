// Activations and the layer norm as operators of ONNX. The same expressions are written, and recognized in graphs that are
// read.

import type { ActivationName, DType } from "../../index.js";

/** A constant of the layer: a number or a vector. */
export type ConstantName = "alpha" | "gamma" | "beta" | "epsilon";

/** "z" is the input. A list is a constant of integers. */
export type Expression = "z" | ConstantName | number | readonly number[] | Operation;

export interface Operation {
  readonly operator: string;
  readonly inputs: readonly Expression[];
  /** "alpha" is the number of the layer. */
  readonly attributes: Readonly<Record<string, number | string>>;
}

export function isOperation(expression: Expression): expression is Operation {
  return typeof expression === "object" && "operator" in expression;
}

/** How an activation is written for each dtype, and what else is recognized as it. */
export interface Forms extends Readonly<Record<DType, Operation>> {
  readonly others: readonly Operation[];
}

/** The activations that have forms. `prelu` is a layer. */
export type FormName = Exclude<ActivationName, "linear"> | "prelu";

function of(operator: string, ...inputs: readonly Expression[]): Operation {
  return { operator, inputs, attributes: {} };
}

function withAttributes(
  operator: string,
  attributes: Operation["attributes"],
  ...inputs: readonly Expression[]
): Operation {
  return { operator, inputs, attributes };
}

function forms(float32: Operation, float64 = float32, ...others: readonly Operation[]): Forms {
  return { float32, float64, others };
}

const POSITIVE = of("Max", "z", 0);
const NEGATIVE = of("Min", "z", 0);
const EXP_MINUS_ONE = of("Sub", of("Exp", NEGATIVE), 1);
const LEAKY = of("Add", POSITIVE, of("Mul", NEGATIVE, "alpha"));
const SOFTPLUS = of("Softplus", "z");
const SOFTPLUS_64 = of("Add", POSITIVE, of("Log", of("Add", of("Exp", of("Neg", of("Abs", "z"))), 1)));
const GELU_FACTOR = of("Add", of("Erf", of("Div", "z", Math.SQRT2)), 1);

/** 2 √(2/π) (z + 0.044715 z³): ½ z (1 + tanh u) = z σ(2u). */
const GELU_TANH_U = of(
  "Mul",
  of("Add", "z", of("Mul", of("Mul", of("Mul", "z", "z"), "z"), 0.044715)),
  1.5957691216057308,
);

/** The constants of Klambauer et al. 2017. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * The operator of ONNX's standard for each activation. Where onnxruntime has it for float32 alone, or its attributes
 * would round a number to float32, float64 has simpler operators. (`gelu` needs Erf, which onnxruntime has for float32
 * alone.) The other forms are those of PyTorch's exporters.
 */
export const ACTIVATION_FORMS: Readonly<Record<FormName, Forms>> = {
  sigmoid: forms(of("Sigmoid", "z")),
  tanh: forms(of("Tanh", "z")),
  relu: forms(of("Relu", "z"), undefined, of("Clip", "z", 0), POSITIVE),
  leakyRelu: forms(withAttributes("LeakyRelu", { alpha: "alpha" }, "z"), LEAKY),
  prelu: forms(of("PRelu", "z", "alpha"), LEAKY),
  elu: forms(
    withAttributes("Elu", { alpha: "alpha" }, "z"),
    of("Add", POSITIVE, of("Mul", EXP_MINUS_ONE, "alpha")),
  ),
  gelu: forms(
    of("Gelu", "z"),
    undefined,
    of("Mul", of("Mul", "z", GELU_FACTOR), 0.5),
    of("Mul", of("Mul", "z", 0.5), GELU_FACTOR),
  ),
  geluTanh: forms(
    withAttributes("Gelu", { approximate: "tanh" }, "z"),
    of("Mul", "z", of("Sigmoid", GELU_TANH_U)),
  ),
  silu: forms(of("Mul", "z", of("Sigmoid", "z"))),
  softplus: forms(SOFTPLUS, SOFTPLUS_64, of("Where", of("Greater", "z", 20), "z", SOFTPLUS)),
  softmax: forms(of("Softmax", "z"), undefined, withAttributes("Softmax", { axis: 1 }, "z")),
  hardSigmoid: forms(
    withAttributes("HardSigmoid", { alpha: 1 / 6, beta: 0.5 }, "z"),
    of("Clip", of("Div", of("Add", "z", 3), 6), 0, 1),
  ),
  hardTanh: forms(of("Clip", "z", -1, 1)),
  selu: forms(
    of("Selu", "z"),
    of("Mul", of("Add", POSITIVE, of("Mul", EXP_MINUS_ONE, SELU_ALPHA)), SELU_SCALE),
  ),
  mish: forms(of("Mish", "z"), of("Mul", "z", of("Tanh", SOFTPLUS_64)), of("Mul", "z", of("Tanh", SOFTPLUS))),
  softsign: forms(of("Softsign", "z"), of("Div", "z", of("Add", of("Abs", "z"), 1))),
  exponential: forms(of("Exp", "z")),
};

const AXIS = [-1];
const CENTRED = of("Sub", "z", of("ReduceMean", "z", AXIS));
const VARIANCE = of("ReduceMean", of("Mul", CENTRED, CENTRED), AXIS);

/**
 * The layer norm for float64. ONNX's LayerNormalization has an epsilon of float32, and computes mean and variance in
 * float32.
 */
export const LAYER_NORM_64 = of(
  "Add",
  of("Mul", of("Div", CENTRED, of("Sqrt", of("Add", VARIANCE, "epsilon"))), "gamma"),
  "beta",
);

/** The attributes of these operators that a node need not have. */
export const DEFAULT_ATTRIBUTES: Readonly<Record<string, Operation["attributes"]>> = {
  LeakyRelu: { alpha: 0.01 },
  Elu: { alpha: 1 },
  Gelu: { approximate: "none" },
  Softmax: { axis: -1 },
  HardSigmoid: { alpha: 0.2, beta: 0.5 },
  ReduceMean: { keepdims: 1 },
  Selu: { alpha: SELU_ALPHA, gamma: SELU_SCALE },
};

/** The operators whose two inputs may be exchanged. */
export const COMMUTATIVE: ReadonlySet<string> = new Set(["Add", "Max", "Min", "Mul"]);
