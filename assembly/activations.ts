// The activation functions and their derivatives, element by element over whole vectors; softmax down the units.

import { exp, expm1 } from "./elementary/exponential";
import { tanh } from "./elementary/hyperbolic";
import { sigmoid, softplus } from "./elementary/logistic";
import { normalCdf, normalPdf } from "./elementary/normal";
import { columnMaximum, madd, maximum, splat, sumInOrder, wholeVectors } from "./vector";

export const enum Activation {
  Linear,
  Sigmoid,
  Tanh,
  Relu,
  LeakyRelu,
  Elu,
  Gelu,
  GeluTanh,
  Silu,
  Softplus,
  Softmax,
}

/** Whether the derivative is taken from the logits; the others take it from the outputs, which may replace them. */
export function keepsLogits(activation: Activation): bool {
  return (
    activation == Activation.Gelu || activation == Activation.GeluTanh ||
    activation == Activation.Silu || activation == Activation.Softplus
  );
}

/**
 * outputs = activation(logits), both [units, columns], rows `stride` elements apart; they may be the same tensor.
 * `columns`: whole vectors. `alpha`: the slope of leakyRelu, the limit of elu.
 */
export function activationForward<T>(
  activation: Activation, outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  switch (activation) {
    case Activation.Linear: {
      if (outputs != logits) forwardEach<T, Linear>(outputs, logits, units, columns, stride, alpha);
      break;
    }
    case Activation.Sigmoid: { forwardEach<T, Sigmoid>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Tanh: { forwardEach<T, Tanh>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Relu: { forwardEach<T, Relu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.LeakyRelu: { forwardEach<T, LeakyRelu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Elu: { forwardEach<T, Elu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Gelu: { forwardEach<T, Gelu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.GeluTanh: { forwardEach<T, GeluTanh>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Silu: { forwardEach<T, Silu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softplus: { forwardEach<T, Softplus>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softmax: { softmaxForward<T>(outputs, logits, units, columns, stride); break; }
  }
}

/** dOutputs, the gradient of the outputs, becomes that of the logits; all tensors as in the forward pass. */
export function activationBackward<T>(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize,
  units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  switch (activation) {
    case Activation.Sigmoid: { backwardEach<T, Sigmoid>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Tanh: { backwardEach<T, Tanh>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Relu: { backwardEach<T, Relu>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.LeakyRelu: { backwardEach<T, LeakyRelu>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Elu: { backwardEach<T, Elu>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Gelu: { backwardEach<T, Gelu>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.GeluTanh: { backwardEach<T, GeluTanh>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.Silu: { backwardEach<T, Silu>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softplus: { backwardEach<T, Softplus>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softmax: { softmaxBackward<T>(dOutputs, outputs, units, columns, stride); break; }
  }
}

/** activationForward of a single row, its units side by side: tensors of [units], up to the end of their last vector. */
export function rowActivationForward<T>(
  activation: Activation, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  if (activation == Activation.Softmax) {
    rowSoftmaxForward<T>(outputs, logits, units);
  } else {
    // But for softmax, a row of n units is as good as n rows of one unit.
    const columns = wholeVectors<T>(units);
    activationForward<T>(activation, outputs, logits, 1, columns, columns, alpha);
  }
}

/** activationBackward of a single row, likewise. */
export function rowActivationBackward<T>(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  if (activation == Activation.Softmax) {
    rowSoftmaxBackward<T>(dOutputs, outputs, units);
  } else {
    const columns = wholeVectors<T>(units);
    activationBackward<T>(activation, dOutputs, outputs, logits, 1, columns, columns, alpha);
  }
}

function forwardEach<T, A>(
  outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  const activation = changetype<A>(0);
  const a = splat<T>(alpha);
  // Rows that touch are gone through as one.
  const touch = columns == stride;
  const runs: usize = touch ? 1 : units;
  const length = (touch ? units * stride : columns) * sizeof<T>();
  const step = stride * sizeof<T>();
  for (let i: usize = 0; i < runs; ++i, outputs += step, logits += step) {
    for (let at: usize = 0; at < length; at += 16) {
      v128.store(outputs + at, activation.forward<T>(v128.load(logits + at), a));
    }
  }
}

/** `saved`: the outputs, or the logits of those that keep them. */
function backwardEach<T, A>(
  dOutputs: usize, saved: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  const activation = changetype<A>(0);
  const a = splat<T>(alpha);
  // Rows that touch are gone through as one.
  const touch = columns == stride;
  const runs: usize = touch ? 1 : units;
  const length = (touch ? units * stride : columns) * sizeof<T>();
  const step = stride * sizeof<T>();
  for (let i: usize = 0; i < runs; ++i, dOutputs += step, saved += step) {
    for (let at: usize = 0; at < length; at += 16) {
      v128.store(dOutputs + at, activation.backward<T>(v128.load(dOutputs + at), v128.load(saved + at), a));
    }
  }
}

// Each class below is a name for a pair of formulas, never an object. `forward` maps logits z to outputs a; `backward`
// maps d = ∂loss/∂a to ∂loss/∂z, given what was saved. NaN passes forward through all of them, so that the loss shows it.

@unmanaged
class Linear {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return z;
  }
}

/** a = 1 / (1 + e⁻ᶻ), a′ = a (1 − a) */
@unmanaged
class Sigmoid {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return sigmoid<T>(z);
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return v128.mul<T>(d, v128.mul<T>(a, v128.sub<T>(splat<T>(1), a)));
  }
}

/** a′ = 1 − a² */
@unmanaged
class Tanh {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return tanh<T>(z);
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return v128.mul<T>(d, v128.sub<T>(splat<T>(1), v128.mul<T>(a, a)));
  }
}

/** a = max(z, 0), a′(0) = 0 */
@unmanaged
class Relu {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    // pmax(z, 0) is z < 0 ? 0 : z, so a NaN stays one.
    return v128.pmax<T>(z, splat<T>(0));
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return v128.and(d, v128.gt<T>(a, splat<T>(0)));
  }
}

/** a = z > 0 ? z : αz with α ≥ 0, a′(0) = α */
@unmanaged
class LeakyRelu {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return v128.bitselect(z, v128.mul<T>(alpha, z), v128.gt<T>(z, splat<T>(0)));
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return v128.bitselect(d, v128.mul<T>(alpha, d), v128.gt<T>(a, splat<T>(0)));
  }
}

/** a = z > 0 ? z : α(eᶻ − 1) with α ≥ 0; a′ = a + α below 0. Clevert et al., "Exponential Linear Units", 2016. */
@unmanaged
class Elu {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return v128.bitselect(z, v128.mul<T>(alpha, expm1<T>(z)), v128.gt<T>(z, splat<T>(0)));
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return v128.bitselect(d, v128.mul<T>(d, v128.add<T>(a, alpha)), v128.gt<T>(a, splat<T>(0)));
  }
}

/** a = z Φ(z), a′ = Φ(z) + z φ(z). Hendrycks & Gimpel, "Gaussian Error Linear Units", 2016. */
@unmanaged
class Gelu {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return v128.mul<T>(z, normalCdf<T>(z));
  }

  @inline
  backward<T>(d: v128, z: v128, alpha: v128): v128 {
    return v128.mul<T>(d, madd<T>(z, normalPdf<T>(z), normalCdf<T>(z)));
  }
}

/**
 * a = ½ z (1 + tanh u) with u = √(2/π) (z + 0.044715 z³): GELU's tanh form, from the same paper. As ½ (1 + tanh u) = σ(2u),
 * which does not cancel below 0: a = z s, a′ = s + 2 z s (1 − s) u′, with s = σ(2u).
 */
@unmanaged
class GeluTanh {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return v128.mul<T>(z, this.gate<T>(z, v128.mul<T>(z, z)));
  }

  @inline
  backward<T>(d: v128, z: v128, alpha: v128): v128 {
    const square = v128.mul<T>(z, z);
    const s = this.gate<T>(z, square);
    const slope = madd<T>(splat<T>(6 * 0.044715 * SQRT_2_OVER_PI), square, splat<T>(2 * SQRT_2_OVER_PI));
    const spread = v128.mul<T>(s, v128.sub<T>(splat<T>(1), s));
    // Where the gate is shut or open for good, nothing is left for a slope that may be infinite.
    const bend = v128.and(v128.mul<T>(v128.mul<T>(z, spread), slope), v128.ne<T>(spread, splat<T>(0)));
    return v128.mul<T>(d, v128.add<T>(s, bend));
  }

  /** σ(2u), given z and z². */
  @inline
  gate<T>(z: v128, square: v128): v128 {
    const twice = madd<T>(splat<T>(2 * 0.044715 * SQRT_2_OVER_PI), square, splat<T>(2 * SQRT_2_OVER_PI));
    return sigmoid<T>(v128.mul<T>(z, twice));
  }
}

const SQRT_2_OVER_PI: f64 = 0.7978845608028654;

/** a = z σ(z), a′ = σ (1 + z (1 − σ)) */
@unmanaged
class Silu {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return v128.mul<T>(z, sigmoid<T>(z));
  }

  @inline
  backward<T>(d: v128, z: v128, alpha: v128): v128 {
    const one = splat<T>(1);
    const s = sigmoid<T>(z);
    return v128.mul<T>(d, v128.mul<T>(s, madd<T>(z, v128.sub<T>(one, s), one)));
  }
}

/** a = log(1 + eᶻ), a′ = σ(z) */
@unmanaged
class Softplus {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return softplus<T>(z);
  }

  @inline
  backward<T>(d: v128, z: v128, alpha: v128): v128 {
    return v128.mul<T>(d, sigmoid<T>(z));
  }
}

/** aᵢ = e^(zᵢ − max z) / Σⱼ e^(zⱼ − max z), for each column: a row of the microbatch. */
function softmaxForward<T>(outputs: usize, logits: usize, units: usize, columns: usize, stride: usize): void {
  const step = stride * sizeof<T>();
  for (let column: usize = 0; column < columns * sizeof<T>(); column += 16) {
    const largest = columnMaximum<T>(logits + column, units, step);
    let sum = splat<T>(0);
    for (let i: usize = 0; i < units; ++i) {
      const e = exp<T>(v128.sub<T>(v128.load(logits + column + i * step), largest));
      sum = v128.add<T>(sum, e);
      v128.store(outputs + column + i * step, e);
    }
    for (let i: usize = 0; i < units; ++i) {
      const output = outputs + column + i * step;
      v128.store(output, v128.div<T>(v128.load(output), sum));
    }
  }
}

/** ∂loss/∂zᵢ = aᵢ (dᵢ − Σⱼ dⱼ aⱼ) */
function softmaxBackward<T>(dOutputs: usize, outputs: usize, units: usize, columns: usize, stride: usize): void {
  const step = stride * sizeof<T>();
  for (let column: usize = 0; column < columns * sizeof<T>(); column += 16) {
    let dot = splat<T>(0);
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      dot = madd<T>(v128.load(dOutputs + at), v128.load(outputs + at), dot);
    }
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      v128.store(dOutputs + at, v128.mul<T>(v128.load(outputs + at), v128.sub<T>(v128.load(dOutputs + at), dot)));
    }
  }
}

/** Of a single row, its units side by side. */
function rowSoftmaxForward<T>(outputs: usize, logits: usize, units: usize): void {
  const largest = maximum<T>(logits, units);
  const bytes = units * sizeof<T>();
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(outputs + at, exp<T>(v128.sub<T>(v128.load(logits + at), largest)));
  }
  const sum = sumInOrder<T>(outputs, units);
  for (const end = outputs + bytes; outputs < end; outputs += 16) {
    v128.store(outputs, v128.div<T>(v128.load(outputs), sum));
  }
}

function rowSoftmaxBackward<T>(dOutputs: usize, outputs: usize, units: usize): void {
  const bytes = units * sizeof<T>();
  let dot = splat<T>(0);
  for (let at: usize = 0; at < bytes; at += sizeof<T>()) {
    dot = madd<T>(v128.load_splat<T>(dOutputs + at), v128.load_splat<T>(outputs + at), dot);
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    const d = dOutputs + at;
    v128.store(d, v128.mul<T>(v128.load(outputs + at), v128.sub<T>(v128.load(d), dot)));
  }
}
