// The activation functions and their derivatives, element by element over whole vectors; softmax down the units.

import { exp, expm1 } from "./elementary/exponential";
import { tanh } from "./elementary/hyperbolic";
import { sigmoid, softplus } from "./elementary/logistic";
import { normalCdf, normalPdf } from "./elementary/normal";
import { madd, splat } from "./vector";

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
 * outputs = activation(logits), both [units, stride]; they may be the same tensor.
 * `alpha`: the slope of leakyRelu, the limit of elu.
 */
export function activationForward<T>(
  activation: Activation, outputs: usize, logits: usize, units: usize, stride: usize, alpha: f64,
): void {
  const count = units * stride;
  switch (activation) {
    case Activation.Linear: { forwardEach<T, Linear>(outputs, logits, count, alpha); break; }
    case Activation.Sigmoid: { forwardEach<T, Sigmoid>(outputs, logits, count, alpha); break; }
    case Activation.Tanh: { forwardEach<T, Tanh>(outputs, logits, count, alpha); break; }
    case Activation.Relu: { forwardEach<T, Relu>(outputs, logits, count, alpha); break; }
    case Activation.LeakyRelu: { forwardEach<T, LeakyRelu>(outputs, logits, count, alpha); break; }
    case Activation.Elu: { forwardEach<T, Elu>(outputs, logits, count, alpha); break; }
    case Activation.Gelu: { forwardEach<T, Gelu>(outputs, logits, count, alpha); break; }
    case Activation.GeluTanh: { forwardEach<T, GeluTanh>(outputs, logits, count, alpha); break; }
    case Activation.Silu: { forwardEach<T, Silu>(outputs, logits, count, alpha); break; }
    case Activation.Softplus: { forwardEach<T, Softplus>(outputs, logits, count, alpha); break; }
    case Activation.Softmax: { softmaxForward<T>(outputs, logits, units, stride); break; }
  }
}

/** delta, the gradient of the outputs, becomes that of the logits; all tensors [units, stride]. */
export function activationBackward<T>(
  activation: Activation, delta: usize, outputs: usize, logits: usize, units: usize, stride: usize, alpha: f64,
): void {
  const count = units * stride;
  switch (activation) {
    case Activation.Sigmoid: { backwardEach<T, Sigmoid>(delta, outputs, count, alpha); break; }
    case Activation.Tanh: { backwardEach<T, Tanh>(delta, outputs, count, alpha); break; }
    case Activation.Relu: { backwardEach<T, Relu>(delta, outputs, count, alpha); break; }
    case Activation.LeakyRelu: { backwardEach<T, LeakyRelu>(delta, outputs, count, alpha); break; }
    case Activation.Elu: { backwardEach<T, Elu>(delta, outputs, count, alpha); break; }
    case Activation.Gelu: { backwardEach<T, Gelu>(delta, logits, count, alpha); break; }
    case Activation.GeluTanh: { backwardEach<T, GeluTanh>(delta, logits, count, alpha); break; }
    case Activation.Silu: { backwardEach<T, Silu>(delta, logits, count, alpha); break; }
    case Activation.Softplus: { backwardEach<T, Softplus>(delta, logits, count, alpha); break; }
    case Activation.Softmax: { softmaxBackward<T>(delta, outputs, units, stride); break; }
  }
}

function forwardEach<T, A>(outputs: usize, logits: usize, count: usize, alpha: f64): void {
  const activation = changetype<A>(0);
  const a = splat<T>(alpha);
  const end = logits + count * sizeof<T>();
  for (; logits < end; logits += 16, outputs += 16) {
    v128.store(outputs, activation.forward<T>(v128.load(logits), a));
  }
}

/** `saved`: the outputs, or the logits of those that keep them. */
function backwardEach<T, A>(delta: usize, saved: usize, count: usize, alpha: f64): void {
  const activation = changetype<A>(0);
  const a = splat<T>(alpha);
  const end = delta + count * sizeof<T>();
  for (; delta < end; delta += 16, saved += 16) {
    v128.store(delta, activation.backward<T>(v128.load(delta), v128.load(saved), a));
  }
}

// Each class below is a name for a pair of formulas, never an object. `forward` maps logits z to outputs a; `backward`
// maps d = ∂loss/∂a to ∂loss/∂z, given what was saved. NaN passes through all of them.

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

/** a = ½ z (1 + tanh u), u = √(2/π) (z + 0.044715 z³): GELU's tanh form, from the same paper. */
@unmanaged
class GeluTanh {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    const one = splat<T>(1);
    return v128.mul<T>(v128.mul<T>(splat<T>(0.5), z), v128.add<T>(one, tanh<T>(this.argument<T>(z))));
  }

  @inline
  backward<T>(d: v128, z: v128, alpha: v128): v128 {
    const one = splat<T>(1);
    const half = splat<T>(0.5);
    const t = tanh<T>(this.argument<T>(z));
    const slope = madd<T>(splat<T>(3 * 0.044715 * SQRT_2_OVER_PI), v128.mul<T>(z, z), splat<T>(SQRT_2_OVER_PI));
    const bend = v128.mul<T>(v128.mul<T>(half, z), v128.mul<T>(v128.sub<T>(one, v128.mul<T>(t, t)), slope));
    return v128.mul<T>(d, madd<T>(half, v128.add<T>(one, t), bend));
  }

  @inline
  argument<T>(z: v128): v128 {
    const cubic = v128.mul<T>(splat<T>(0.044715), v128.mul<T>(z, v128.mul<T>(z, z)));
    return v128.mul<T>(splat<T>(SQRT_2_OVER_PI), v128.add<T>(z, cubic));
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
function softmaxForward<T>(outputs: usize, logits: usize, units: usize, stride: usize): void {
  const step = stride * sizeof<T>();
  for (let column: usize = 0; column < step; column += 16) {
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

/** The largest of `count` vectors, `step` bytes apart, lane by lane. */
export function columnMaximum<T>(column: usize, count: usize, step: usize): v128 {
  let largest = v128.load(column);
  for (let i: usize = 1; i < count; ++i) largest = v128.pmax<T>(largest, v128.load(column + i * step));
  return largest;
}

/** ∂loss/∂zᵢ = aᵢ (dᵢ − Σⱼ dⱼ aⱼ) */
function softmaxBackward<T>(delta: usize, outputs: usize, units: usize, stride: usize): void {
  const step = stride * sizeof<T>();
  for (let column: usize = 0; column < step; column += 16) {
    let dot = splat<T>(0);
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      dot = madd<T>(v128.load(delta + at), v128.load(outputs + at), dot);
    }
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      v128.store(delta + at, v128.mul<T>(v128.load(outputs + at), v128.sub<T>(v128.load(delta + at), dot)));
    }
  }
}
