// The activation functions and their derivatives. All but softmax are elementwise. Softmax is over the units of each
// column. A column is one row of the microbatch.

import { Activation } from "../abi/description";
import { Status } from "../abi/status";
import { columnMax } from "../kernels/reduce";
import { one, sign } from "../math/constants";
import { exp, expm1 } from "../math/exponential";
import { tanhEach } from "../math/hyperbolic";
import { sigmoid, softplus } from "../math/logistic";
import { isNotNegative } from "../math/range";
import { normalCdf, normalPdf } from "../math/normal";
import { clamp, madd, splat } from "../math/vector";

/** Whether the derivative is computed from the logits. Other derivatives are computed from the outputs. */
export function needsLogits(activation: Activation): bool {
  return (
    activation == Activation.Gelu || activation == Activation.GeluTanh ||
    activation == Activation.Silu || activation == Activation.Softplus || activation == Activation.Mish
  );
}

/** Why the core refuses this activation of `units` units with this LayerDescription.parameter; Ok if it accepts it. */
export function checkActivation(activation: Activation, units: u32, alpha: f64, elementSize: usize): Status {
  if (activation < 0 || activation > Activation.Exponential) return Status.UnknownActivation;
  if (activation == Activation.Softmax && units == 1) return Status.SoftmaxOfOneUnit;
  if (activation == Activation.LeakyRelu || activation == Activation.Elu) {
    return isNotNegative(alpha, elementSize) ? Status.Ok : Status.InvalidLayerParameter;
  }
  return alpha == 0 ? Status.Ok : Status.ReservedNotZero;
}

/**
 * outputs = activation(logits), both [units, columns], rows `stride` elements apart; they may be the same tensor.
 * `units` ≥ 1; `columns`: whole vectors, at least one. `alpha`: the slope of leakyRelu below 0; elu tends to −alpha.
 *
 * Inlined for the first activations: a call costs about 1 % of a step on tiny networks.
 */
@inline
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
    default: otherForward<T>(activation, outputs, logits, units, columns, stride, alpha);
  }
}

/** The activations that activationForward() does not inline: each would take about 500 bytes at each of its calls. */
function otherForward<T>(
  activation: Activation, outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  switch (activation) {
    case Activation.LeakyRelu: { forwardEach<T, LeakyRelu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Elu: { forwardEach<T, Elu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Gelu: { forwardEach<T, Gelu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.GeluTanh: { forwardEach<T, GeluTanh>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Silu: { forwardEach<T, Silu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softplus: { forwardEach<T, Softplus>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softmax: { softmaxForward<T>(outputs, logits, units, columns, stride); break; }
    case Activation.HardSigmoid: { forwardEach<T, HardSigmoid>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.HardTanh: { forwardEach<T, HardTanh>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Selu: { forwardEach<T, Selu>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Mish: { forwardEach<T, Mish>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softsign: { forwardEach<T, Softsign>(outputs, logits, units, columns, stride, alpha); break; }
    case Activation.Exponential: { forwardEach<T, Exponential>(outputs, logits, units, columns, stride, alpha); break; }
  }
}

/**
 * Replaces `dOutputs`, the gradient of the outputs, by the gradient of the logits. Tensors as in activationForward().
 */
@inline
export function activationBackward<T>(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize,
  units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  switch (activation) {
    case Activation.Linear: break;
    case Activation.Sigmoid: { backwardEach<T, Sigmoid>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Tanh: { backwardEach<T, Tanh>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Relu: { backwardEach<T, Relu>(dOutputs, outputs, units, columns, stride, alpha); break; }
    default: otherBackward<T>(activation, dOutputs, outputs, logits, units, columns, stride, alpha);
  }
}

/** See otherForward(). */
function otherBackward<T>(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize,
  units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  switch (activation) {
    case Activation.LeakyRelu: { backwardEach<T, LeakyRelu>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Elu: { backwardEach<T, Elu>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Gelu: { backwardEach<T, Gelu>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.GeluTanh: { backwardEach<T, GeluTanh>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.Silu: { backwardEach<T, Silu>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softplus: { backwardEach<T, Softplus>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softmax: { softmaxBackward<T>(dOutputs, outputs, units, columns, stride); break; }
    case Activation.HardSigmoid: {
      backwardEach<T, HardSigmoid>(dOutputs, outputs, units, columns, stride, alpha);
      break;
    }
    case Activation.HardTanh: { backwardEach<T, HardTanh>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Selu: { backwardEach<T, Selu>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Mish: { backwardEach<T, Mish>(dOutputs, logits, units, columns, stride, alpha); break; }
    case Activation.Softsign: { backwardEach<T, Softsign>(dOutputs, outputs, units, columns, stride, alpha); break; }
    case Activation.Exponential: {
      backwardEach<T, Exponential>(dOutputs, outputs, units, columns, stride, alpha);
      break;
    }
  }
}

/** outputs = A.forward(logits), or A.forwardRow() where A has it. */
function forwardEach<T, A>(
  outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  const activation = changetype<A>(0);
  const a = splat<T>(alpha);
  // Rows without gaps between them are processed as one.
  const isContiguous = columns == stride;
  const runs: usize = isContiguous ? 1 : units;
  const length = (isContiguous ? units * stride : columns) * sizeof<T>();
  const step = stride * sizeof<T>();
  for (let i: usize = 0; i < runs; ++i, outputs += step, logits += step) {
    if (isDefined(activation.forwardRow)) {
      activation.forwardRow<T>(outputs, logits, length);
    } else {
      let at: usize = 0;
      do {
        v128.store(outputs + at, activation.forward<T>(v128.load(logits + at), a));
        at += 16;
      } while (at < length);
    }
  }
}

/** dOutputs = A.backward(dOutputs, saved). `saved`: the outputs, or the logits if needsLogits(). */
function backwardEach<T, A>(
  dOutputs: usize, saved: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  const activation = changetype<A>(0);
  const a = splat<T>(alpha);
  // Rows without gaps between them are processed as one.
  const isContiguous = columns == stride;
  const runs: usize = isContiguous ? 1 : units;
  const length = (isContiguous ? units * stride : columns) * sizeof<T>();
  const step = stride * sizeof<T>();
  for (let i: usize = 0; i < runs; ++i, dOutputs += step, saved += step) {
    let at: usize = 0;
    do {
      v128.store(dOutputs + at, activation.backward<T>(v128.load(dOutputs + at), v128.load(saved + at), a));
      at += 16;
    } while (at < length);
  }
}

// Each class below is a pair of formulas; no instances exist. `forward` maps logits z to outputs a. `backward` maps
// d = ∂loss/∂a to ∂loss/∂z, given the saved outputs or logits. NaN stays NaN, so that it reaches the loss. a′ is ∂a/∂z.

/** a = z. Its backward pass changes nothing, so activationBackward() has none. */
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
    return v128.mul<T>(d, v128.mul<T>(a, v128.sub<T>(one<T>(), a)));
  }
}

/** a = tanh z, a′ = 1 − a² */
@unmanaged
class Tanh {
  /** `length` bytes of a row: tanhEach() keeps its constants in registers. */
  @inline
  forwardRow<T>(outputs: usize, logits: usize, length: usize): void {
    tanhEach<T>(outputs, logits, length);
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return v128.mul<T>(d, v128.sub<T>(one<T>(), v128.mul<T>(a, a)));
  }
}

/** a = max(z, 0), a′(0) = 0 */
@unmanaged
class Relu {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    // pmax(z, 0) is z < 0 ? 0 : z, so NaN stays NaN.
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
 * a = ½ z (1 + tanh u) with u = √(2/π) (z + 0.044715 z³): GELU's tanh form, from the same paper. Computed with
 * s = σ(2u) = ½ (1 + tanh u), which does not cancel for u < 0: a = z s, a′ = s + 2 z s (1 − s) u′.
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
    // Where s is exactly 0 or 1, `spread` is 0 and `slope` may be infinite. The product must be 0, not NaN.
    const bend = v128.and(v128.mul<T>(v128.mul<T>(z, spread), slope), v128.ne<T>(spread, splat<T>(0)));
    return v128.mul<T>(d, v128.add<T>(s, bend));
  }

  /** s = σ(2u), given z and z². */
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

/** a = min(max(z + 3, 0), 6) / 6, a′ = ⅙ where 0 < a < 1, else 0. PyTorch's nn.Hardsigmoid. */
@unmanaged
class HardSigmoid {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    const six = splat<T>(6);
    return v128.div<T>(clamp<T>(v128.add<T>(z, splat<T>(3)), splat<T>(0), six), six);
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return within<T>(v128.div<T>(d, splat<T>(6)), a, splat<T>(0));
  }
}

/** a = z limited to [−1, 1], a′ = 1 where −1 < a < 1, else 0. PyTorch's nn.Hardtanh. */
@unmanaged
class HardTanh {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return clamp<T>(z, splat<T>(-1), splat<T>(1));
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return within<T>(d, a, splat<T>(-1));
  }
}

/** d where low < a < 1, else 0 */
@inline
function within<T>(d: v128, a: v128, low: v128): v128 {
  return v128.and(d, v128.and(v128.gt<T>(a, low), v128.lt<T>(a, splat<T>(1))));
}

/**
 * a = λz above 0, else λα(eᶻ − 1); a′ = λ above 0, else a + λα. λ and α: G. Klambauer, T. Unterthiner, A. Mayr and S.
 * Hochreiter, "Self-Normalizing Neural Networks", NIPS 2017.
 */
@unmanaged
class Selu {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    const below = v128.mul<T>(splat<T>(SELU_SCALE * SELU_ALPHA), expm1<T>(z));
    return v128.bitselect(v128.mul<T>(splat<T>(SELU_SCALE), z), below, v128.gt<T>(z, splat<T>(0)));
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    const below = v128.add<T>(a, splat<T>(SELU_SCALE * SELU_ALPHA));
    return v128.mul<T>(d, v128.bitselect(splat<T>(SELU_SCALE), below, v128.gt<T>(a, splat<T>(0))));
  }
}

const SELU_SCALE: f64 = 1.0507009873554804934193349852946;
const SELU_ALPHA: f64 = 1.6732632423543772848170429916717;

/**
 * a = z tanh(log(1 + eᶻ)): D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", BMVC 2020. With
 * u = eᶻ and n = u (u + 2) it is a = z n / (n + 2), which does not cancel, and a′ = (n + 4 z u (1 + u) / (n + 2)) /
 * (n + 2). From z = 24 on, n / (n + 2) rounds to 1 and the other term of a′ to 0, so z is limited to 24 there: u does
 * not overflow.
 */
@unmanaged
class Mish {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    const u = exp<T>(v128.pmin<T>(z, splat<T>(24)));
    const n = v128.mul<T>(u, v128.add<T>(u, splat<T>(2)));
    return v128.mul<T>(z, v128.div<T>(n, v128.add<T>(n, splat<T>(2))));
  }

  @inline
  backward<T>(d: v128, z: v128, alpha: v128): v128 {
    const limited = v128.pmin<T>(z, splat<T>(24));
    const u = exp<T>(limited);
    const n = v128.mul<T>(u, v128.add<T>(u, splat<T>(2)));
    const sum = v128.add<T>(n, splat<T>(2));
    const bend = v128.mul<T>(v128.mul<T>(splat<T>(4), limited), v128.mul<T>(u, v128.add<T>(u, splat<T>(1))));
    return v128.mul<T>(d, v128.div<T>(v128.add<T>(n, v128.div<T>(bend, sum)), sum));
  }
}

/** a = z / (1 + |z|), a′ = (1 − |a|)² */
@unmanaged
class Softsign {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return v128.div<T>(z, v128.add<T>(splat<T>(1), v128.andnot(z, sign<T>())));
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    const rest = v128.sub<T>(splat<T>(1), v128.andnot(a, sign<T>()));
    return v128.mul<T>(d, v128.mul<T>(rest, rest));
  }
}

/** a = eᶻ, a′ = a */
@unmanaged
class Exponential {
  @inline
  forward<T>(z: v128, alpha: v128): v128 {
    return exp<T>(z);
  }

  @inline
  backward<T>(d: v128, a: v128, alpha: v128): v128 {
    return v128.mul<T>(d, a);
  }
}

/** aᵢ = e^(zᵢ − max z) / Σⱼ e^(zⱼ − max z) in each column. Tensors as in activationForward(). */
function softmaxForward<T>(outputs: usize, logits: usize, units: usize, columns: usize, stride: usize): void {
  const step = stride * sizeof<T>();
  for (let column: usize = 0; column < columns * sizeof<T>(); column += 16) {
    const largest = columnMax<T>(logits + column, units, step);
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

/** ∂loss/∂zᵢ = aᵢ (dᵢ − Σⱼ dⱼ aⱼ) in each column, in place in `dOutputs`. */
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
