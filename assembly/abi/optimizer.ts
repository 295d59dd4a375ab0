// The optimizer, in its own region. Hosts write its learning rate and hyperparameters, and may read its state.

/** The file of each kind in optimizers/ states the formula, and the ranges of the hyperparameters. */
export const enum OptimizerKind {
  /** Stochastic gradient descent. Hyperparameters: momentum, dampening. */
  Sgd,
  /** Hyperparameters: β₁, β₂, ε. */
  Adam,
  /** Adam with Nesterov's momentum. Hyperparameters: β₁, β₂, ε, momentum decay. */
  Nadam,
  /** Hyperparameters: α, ε, momentum. */
  Rmsprop,
  /** Hyperparameters: learning rate decay, initial accumulator, ε. */
  Adagrad,
  /** Hyperparameters: ρ, ε. */
  Adadelta,
  /** Hyperparameters: η⁻, η⁺, the smallest and the largest step size. */
  Rprop,
}

/** Optional parts of an optimizer: a set of bits. */
export const enum OptimizerFeature {
  /** sgd, rmsprop: uses a momentum. Its buffer is part of the state. */
  Momentum = 1,
  /** sgd with Momentum: uses Nesterov's momentum. */
  Nesterov = 2,
  /** rmsprop: divides by the standard deviation of the gradients. */
  Centered = 4,
  /** adam: divides by the largest second moment so far. */
  Amsgrad = 8,
  /** adam, nadam: WeightDecay multiplies the parameters, instead of adding to the gradients. */
  DecoupledDecay = 16,
  /** All but rprop: uses `weightDecay`. */
  WeightDecay = 32,
  /** Limits each gradient to ±`clipValue`. */
  ValueClipping = 64,
  /** Limits the norm of all gradients to `clipNorm`. */
  NormClipping = 128,
  /** Averages the parameters with `averageDecay`. */
  Average = 256,
}

/** The hyperparameters that an optimizer has room for. */
export const HYPERPARAMETER_COUNT: u32 = 8;

/** The shared numbers that an optimizer has room for. They are computed once in a step and used for all parameters. */
export const SHARED_COUNT: u32 = 6;

/** The vectors that an optimizer has room for: see optimizers/adjustment.ts. */
export const VECTOR_COUNT: u32 = 5;

/**
 * The norm of the gradients is summed in blocks of this many bytes, then over the blocks, so that its bits do not
 * depend on the number of threads.
 */
export const NORM_BLOCK: usize = 16384;

/**
 * The head of an optimizer's region. The host writes the hyperparameters and the fields from `step` to
 * `ignoresAverage`. Calls check them.
 *
 *     Optimizer
 *     hyperparameters  f64 [HYPERPARAMETER_COUNT], in the order and ranges that the optimizer's file states, then zeros
 *     shared           f64 [SHARED_COUNT], computed before each step
 *     vectors          [VECTOR_COUNT], numbers of the network's type in all lanes, computed before each step
 *     state            [slots, parameterCount rounded up to a cache line], zeros before the first step
 *     averages         [parameterCount rounded up to a cache line], then READABLE bytes; with OptimizerFeature.Average
 *     sums             f64 [blocks of NORM_BLOCK bytes in a slot]; with OptimizerFeature.NormClipping
 */
@unmanaged
export class Optimizer {
  /** The kind of optimizer. */
  kind: OptimizerKind;
  /** A set of OptimizerFeature bits. */
  features: u32;
  /**
   * Steps taken: an integer from 0 to 2⁵³. To clear the state, the host sets this and all bytes of the state to 0.
   */
  step: f64;
  /** The factor of each step. Finite in the network's dtype. */
  learningRate: f64;
  /** At least 0 and finite in the network's dtype; 0 without OptimizerFeature.WeightDecay. */
  weightDecay: f64;
  /** Above 0 and finite in the network's dtype; 0 without OptimizerFeature.ValueClipping. */
  clipValue: f64;
  /** Above 0 and finite in the network's dtype; 0 without OptimizerFeature.NormClipping. */
  clipNorm: f64;
  /** Above 0 and below 1; 0 without OptimizerFeature.Average. */
  averageDecay: f64;
  /**
   * Steps that the average includes. The host sets it to 0 to restart the average, for instance after it has written
   * parameters.
   */
  averagedSteps: f64;
  /** 1: predict and evaluate use the parameters although there is an average. */
  ignoresAverage: u32;
  /** Numbers of state for each parameter. */
  slots: u32;
  /** Address of the state. */
  state: usize;
  /** Bytes from one slot to the next. */
  slotSize: usize;
  /** Bytes of the region. */
  size: usize;
  /** 1: the coming step clips gradients or applies weight decay. See optimizers/adjustment.ts. */
  isAdjusted: u32;
  /** With OptimizerFeature.NormClipping: the norm of the gradients of the coming step, after clipping of values. */
  norm: f64;
  /** The factor of each gradient in the coming step. */
  scale: f64;
  /** The coming step adds this multiple of the parameter to each gradient. */
  decay: f64;
  /** The factor of each parameter in the coming step. */
  parameterScale: f64;
}

/** Whether the optimizer has this feature. */
@inline
export function hasFeature(optimizer: Optimizer, feature: OptimizerFeature): bool {
  return (optimizer.features & feature) != 0;
}

/**
 * Whether this is sgd without any feature. It has no state and needs no preparation, and a batch of one row can be
 * updated without storing gradients. One load reads `kind` and `features`: two tests slow down tiny networks.
 */
@inline
export function isPlain(optimizer: Optimizer): bool {
  return load<u64>(changetype<usize>(optimizer)) == OptimizerKind.Sgd;
}

/** Hyperparameter number `index` of an optimizer. */
@inline
export function hyperparameter(optimizer: Optimizer, index: usize): f64 {
  return load<f64>(changetype<usize>(optimizer) + offsetof<Optimizer>() + index * sizeof<f64>());
}

/** Whether the hyperparameters from number `first` on, which the optimizer does not use, are 0. */
export function areUnused(optimizer: Optimizer, first: usize): bool {
  for (let i = first; i < HYPERPARAMETER_COUNT; ++i) {
    if (hyperparameter(optimizer, i) != 0) return false;
  }
  return true;
}

/** Shared number `index` of an optimizer. */
@inline
export function shared(optimizer: Optimizer, index: usize): f64 {
  return hyperparameter(optimizer, <usize>HYPERPARAMETER_COUNT + index);
}

/** Sets shared number `index` of an optimizer. */
@inline
export function setShared(optimizer: Optimizer, index: usize, value: f64): void {
  const first = changetype<usize>(optimizer) + offsetof<Optimizer>() + HYPERPARAMETER_COUNT * sizeof<f64>();
  store<f64>(first + index * sizeof<f64>(), value);
}

/** Address of vector number `index`, a multiple of 16. */
@inline
export function vectorAt(optimizer: Optimizer, index: usize): usize {
  const numbers: usize = offsetof<Optimizer>() + (HYPERPARAMETER_COUNT + SHARED_COUNT) * sizeof<f64>();
  return changetype<usize>(optimizer) + ((numbers + 15) & ~15) + index * 16;
}

/** Address of slot number `index` of the state. */
@inline
export function slotAt(optimizer: Optimizer, index: usize): usize {
  return optimizer.state + index * optimizer.slotSize;
}

/** rowPath/forward.ts reads up to this many bytes past the end of the parameters, and ignores them. */
export const READABLE: usize = 128;

/** Address of the averages, laid out like the parameters. */
@inline
export function averagesOf(optimizer: Optimizer): usize {
  return slotAt(optimizer, optimizer.slots);
}

/** Bytes of the averages; 0 if there are none. `arenaBytes`: see arenaSize(). */
@inline
export function averagesSize(features: u32, arenaBytes: u64): u64 {
  return features & OptimizerFeature.Average ? arenaBytes + READABLE : 0;
}

/** Address of the sums of squares of the blocks of NORM_BLOCK bytes. */
@inline
export function sumsOf(optimizer: Optimizer): usize {
  return averagesOf(optimizer) + <usize>averagesSize(optimizer.features, optimizer.slotSize);
}
