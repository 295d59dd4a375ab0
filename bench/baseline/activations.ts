import type { ActivationName, FloatArray } from "backprop-wasm";
import { erfc } from "./erf.js";

/** All arrays are row-major [rows, units]; only leakyRelu and elu read `alpha`. */
export interface Activation {
  /** outputs = activation(logits). */
  forward(outputs: FloatArray, logits: FloatArray, rows: number, units: number, alpha: number): void;
  /** dLogits = dOutputs · activation′(logits); dLogits may be the same array as dOutputs. */
  backward(
    dLogits: FloatArray,
    dOutputs: FloatArray,
    outputs: FloatArray,
    logits: FloatArray,
    rows: number,
    units: number,
    alpha: number,
  ): void;
}

// Each activation has its own loops. A shared loop that calls a function for each element would be slower, because JavaScript
// engines do not inline a call with many targets. Comparisons are written so that NaN stays NaN.

const linear: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) outputs[i] = logits[i]!;
  },
  backward(dLogits, dOutputs, _outputs, _logits, rows, units) {
    for (let i = 0; i < rows * units; i++) dLogits[i] = dOutputs[i]!;
  },
};

/** 1 / (1 + exp(−z)), without overflow, and exact to rounding for very negative z. */
function logistic(z: number): number {
  const e = Math.exp(-Math.abs(z));
  return z < 0 ? e / (1 + e) : 1 / (1 + e);
}

const sigmoid: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) outputs[i] = logistic(logits[i]!);
  },
  backward(dLogits, dOutputs, outputs, _logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const a = outputs[i]!;
      dLogits[i] = dOutputs[i]! * a * (1 - a);
    }
  },
};

const tanh: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) outputs[i] = Math.tanh(logits[i]!);
  },
  backward(dLogits, dOutputs, outputs, _logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const a = outputs[i]!;
      dLogits[i] = dOutputs[i]! * (1 - a * a);
    }
  },
};

const relu: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) outputs[i] = Math.max(logits[i]!, 0);
  },
  backward(dLogits, dOutputs, _outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) dLogits[i] = logits[i]! <= 0 ? 0 : dOutputs[i]!;
  },
};

const leakyRelu: Activation = {
  forward(outputs, logits, rows, units, alpha) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      outputs[i] = z <= 0 ? alpha * z : z;
    }
  },
  backward(dLogits, dOutputs, _outputs, logits, rows, units, alpha) {
    for (let i = 0; i < rows * units; i++) {
      dLogits[i] = logits[i]! <= 0 ? alpha * dOutputs[i]! : dOutputs[i]!;
    }
  },
};

const elu: Activation = {
  forward(outputs, logits, rows, units, alpha) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      outputs[i] = z <= 0 ? alpha * Math.expm1(z) : z;
    }
  },
  backward(dLogits, dOutputs, _outputs, logits, rows, units, alpha) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      dLogits[i] = z <= 0 ? dOutputs[i]! * alpha * Math.exp(z) : dOutputs[i]!;
    }
  },
};

const ONE_OVER_SQRT_2_PI = 0.3989422804014327;

/** Φ(z), the standard normal distribution function. */
function normalDistribution(z: number): number {
  return 0.5 * erfc(-z * Math.SQRT1_2);
}

/**
 * z · Φ(z); derivative Φ(z) + z · φ(z), where φ is the density of Φ. Hendrycks and Gimpel, "Gaussian Error Linear Units",
 * arXiv:1606.08415.
 */
const gelu: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      outputs[i] = z * normalDistribution(z);
    }
  },
  backward(dLogits, dOutputs, _outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      const density = ONE_OVER_SQRT_2_PI * Math.exp(-0.5 * z * z);
      dLogits[i] = dOutputs[i]! * (normalDistribution(z) + z * density);
    }
  },
};

const SQRT_2_OVER_PI = 0.7978845608028654;
const GELU_CUBIC = 0.044715;

/**
 * z/2 · (1 + tanh(u)), u = √(2/π) (z + 0.044715 z³): the approximation of the same paper. Computed as z · logistic(2u),
 * which is equal to it, because 1 + tanh(u) loses all digits for very negative u.
 */
const geluTanh: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      outputs[i] = z * logistic(2 * SQRT_2_OVER_PI * (z + GELU_CUBIC * z * z * z));
    }
  },
  backward(dLogits, dOutputs, _outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      const s = logistic(2 * SQRT_2_OVER_PI * (z + GELU_CUBIC * z * z * z));
      const dTwoU = 2 * SQRT_2_OVER_PI * (1 + 3 * GELU_CUBIC * z * z);
      dLogits[i] = dOutputs[i]! * (s + z * s * (1 - s) * dTwoU);
    }
  },
};

const silu: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      outputs[i] = z * logistic(z);
    }
  },
  backward(dLogits, dOutputs, _outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      const s = logistic(z);
      dLogits[i] = dOutputs[i]! * (s + z * s * (1 - s));
    }
  },
};

/** log(1 + exp(z)); derivative logistic(z). */
const softplus: Activation = {
  forward(outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      outputs[i] = Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
    }
  },
  backward(dLogits, dOutputs, _outputs, logits, rows, units) {
    for (let i = 0; i < rows * units; i++) dLogits[i] = dOutputs[i]! * logistic(logits[i]!);
  },
};

/** a_i = exp(z_i) / Σ_j exp(z_j), over the units of a row; dz_i = a_i (da_i − Σ_j da_j a_j). */
const softmax: Activation = {
  forward(outputs, logits, rows, units) {
    for (let start = 0; start < rows * units; start += units) {
      const end = start + units;
      let max = -Infinity;
      for (let i = start; i < end; i++) max = Math.max(max, logits[i]!);
      let sum = 0;
      for (let i = start; i < end; i++) sum += Math.exp(logits[i]! - max);
      for (let i = start; i < end; i++) outputs[i] = Math.exp(logits[i]! - max) / sum;
    }
  },
  backward(dLogits, dOutputs, outputs, _logits, rows, units) {
    for (let start = 0; start < rows * units; start += units) {
      const end = start + units;
      let dot = 0;
      for (let i = start; i < end; i++) dot += dOutputs[i]! * outputs[i]!;
      for (let i = start; i < end; i++) dLogits[i] = outputs[i]! * (dOutputs[i]! - dot);
    }
  },
};

/** Later activations are tested against PyTorch instead. */
export const activations: Readonly<Partial<Record<ActivationName, Activation>>> = {
  linear,
  sigmoid,
  tanh,
  relu,
  leakyRelu,
  elu,
  gelu,
  geluTanh,
  silu,
  softplus,
  softmax,
};
