import type { FloatArray } from "./dtype.js";
import { draw, type RandomStream } from "./random/random.js";
import {
  attempt,
  ofType,
  requireFinite,
  requireFloats,
  requireNotNegative,
  requireObject,
  requireRange,
} from "./validation.js";

/** A kernel or a bias that an initializer is to fill. */
export interface ParameterTensor {
  /** The initializer fills this array, row-major. */
  readonly values: FloatArray;
  /** [inputs, units] for a kernel, [units] for a bias. */
  readonly shape: readonly number[];
  /** The layer's fan-in, also for its bias. */
  readonly inputs: number;
  /** The layer's fan-out, also for its bias. */
  readonly units: number;
  readonly random: RandomStream;
}

/** Fills `tensor.values`. */
export type Initializer = (tensor: ParameterTensor) => void;

/** All zeros. Draws no random numbers. */
export function zeros(): Initializer {
  return constant(0);
}

/** All elements are `value`, a finite number. Draws no random numbers. */
export function constant(value: number): Initializer {
  requireFinite("value", value);
  return filling(({ values }) => {
    values.fill(value);
  });
}

/**
 * Uniform in [low, high), by default [0, 1) as NumPy's `rand` (the default of Keras's RandomUniform is ±0.05).
 * @throws BackpropError `invalidOption` unless both are finite and low ≤ high.
 */
export function uniform(low = 0, high = 1): Initializer {
  requireRange("low", low, "high", high);
  return filling(({ values, random }) => draw(random, "fillUniform", values, low, high));
}

/**
 * Normal, by default standard normal as NumPy's `randn` (the default of Keras's RandomNormal is a deviation of 0.05).
 * @throws BackpropError `invalidOption` unless both are finite and the standard deviation is not negative.
 */
export function normal(mean = 0, standardDeviation = 1): Initializer {
  requireFinite("mean", mean);
  requireNotNegative("standardDeviation", standardDeviation);
  return filling(({ values, random }) => draw(random, "fillNormal", values, mean, standardDeviation));
}

/**
 * Uniform within ±√(6/(inputs + units)): X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
 * feedforward neural networks", AISTATS 2010, eq. 16.
 */
export function glorotUniform(): Initializer {
  return uniformWithin(({ inputs, units }) => Math.sqrt(6 / (inputs + units)));
}

/**
 * Normal with variance 2/(inputs + units) (Glorot and Bengio 2010, eq. 12). Not truncated: Keras's GlorotNormal cuts
 * off at two standard deviations.
 */
export function glorotNormal(): Initializer {
  return normalOf(({ inputs, units }) => Math.sqrt(2 / (inputs + units)));
}

/** Uniform within ±√(6/inputs), which has the same variance as `heNormal`. */
export function heUniform(): Initializer {
  return uniformWithin(({ inputs }) => Math.sqrt(6 / inputs));
}

/**
 * Normal with variance 2/inputs: K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10.
 * Not truncated: Keras's HeNormal cuts off at two standard deviations.
 */
export function heNormal(): Initializer {
  return normalOf(({ inputs }) => Math.sqrt(2 / inputs));
}

/** Uniform within ±√(3/inputs), which has the same variance as `lecunNormal`. */
export function lecunUniform(): Initializer {
  return uniformWithin(({ inputs }) => Math.sqrt(3 / inputs));
}

/**
 * Normal with variance 1/inputs: Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", 1998, eq. 16.
 * Not truncated: Keras's LecunNormal cuts off at two standard deviations.
 */
export function lecunNormal(): Initializer {
  return normalOf(({ inputs }) => Math.sqrt(1 / inputs));
}

/**
 * The initial values of PyTorch's `nn.Linear`: weight, by `kaiming_uniform_(weight, a=√5)`, and bias are both uniform
 * within ±1/√inputs. The weight is drawn as [units, inputs], as in PyTorch, and stored as our [inputs, units]. Use it
 * as both `kernelInitializer` and `biasInitializer`: with a `torchRandom` stream, the values then have the same bits as
 * PyTorch's.
 */
export function torchLinear(): Initializer {
  const kernel = transposed(uniformWithin(({ inputs }) => kaimingBound(inputs)));
  const bias = uniformWithin(({ inputs }) => 1 / Math.sqrt(inputs));
  return filling((tensor) => (isKernel(tensor) ? kernel(tensor) : bias(tensor)));
}

/**
 * Draws a kernel as [units, inputs] with `initializer` and stores it as [inputs, units]. Use it to get the weights of
 * programs that compute W·x. Biases are filled by `initializer` without a change.
 */
export function transposed(initializer: Initializer): Initializer {
  ofType("function", "an initializer such as glorotUniform()")("initializer", initializer);
  return filling((tensor) => {
    if (!isKernel(tensor)) return initializer(tensor);
    const { values, inputs, units } = tensor;
    const drawn = values.slice();
    const returned = initializer({ ...tensor, values: drawn, shape: [units, inputs] });
    for (let input = 0; input < inputs; input++) {
      for (let unit = 0; unit < units; unit++) values[input * units + unit] = drawn[unit * inputs + input]!;
    }
    return returned;
  });
}

/** An initializer that checks what it is given before it calls `fill`. */
function filling(fill: Initializer): Initializer {
  return (tensor) => {
    attempt("invalidOption", "tensor", () => {
      requireObject("tensor", tensor, "{ values, shape, inputs, units, random }");
      requireFloats("tensor.values", tensor.values);
      requireObject("tensor.shape", tensor.shape, "an array of lengths");
      requireObject("tensor.random", tensor.random, "a stream such as numpyRandom(42)");
    });
    return fill(tensor);
  };
}

function uniformWithin(boundOf: (tensor: ParameterTensor) => number): Initializer {
  return filling((tensor) => {
    const bound = boundOf(tensor);
    draw(tensor.random, "fillUniform", tensor.values, -bound, bound);
  });
}

function normalOf(standardDeviationOf: (tensor: ParameterTensor) => number): Initializer {
  return filling((tensor) => {
    draw(tensor.random, "fillNormal", tensor.values, 0, standardDeviationOf(tensor));
  });
}

/** 1/√inputs, computed with the operations of PyTorch's kaiming_uniform_, so that it is rounded in the same way. */
function kaimingBound(inputs: number): number {
  const slope = Math.sqrt(5);
  const gain = Math.sqrt(2 / (1 + slope * slope));
  return Math.sqrt(3) * (gain / Math.sqrt(inputs));
}

function isKernel(tensor: ParameterTensor): boolean {
  return tensor.shape.length === 2;
}
