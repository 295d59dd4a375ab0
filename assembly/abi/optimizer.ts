// The optimizer, in a region of its own: hosts write its learning rate and hyperparameters, and may read its state.

export const enum OptimizerKind {
  Sgd,
  Adam,
}

/** How many hyperparameters an optimizer has room for. */
export const HYPERPARAMETER_COUNT: u32 = 8;

/** How many numbers an optimizer has room for that are computed once in a step and used for all parameters. */
export const SHARED_COUNT: u32 = 4;

/**
 * The head of an optimizer's region. The host writes the hyperparameters, learningRate and step; calls check them.
 *
 *     Optimizer
 *     hyperparameters  f64 [HYPERPARAMETER_COUNT], in the order and ranges that the optimizer's file names; others are 0
 *     shared           f64 [SHARED_COUNT], computed before each step
 *     state            [slots, parameterCount rounded up to a cache line], zeros at first
 */
@unmanaged
export class Optimizer {
  kind: OptimizerKind;
  /** How many numbers of state each parameter has. */
  slots: u32;
  /** Steps taken: an integer from 0 to 2⁵³. */
  step: f64;
  /** Finite in the network's dtype. */
  learningRate: f64;
  /** Address of the state. */
  state: usize;
  /** Bytes from one slot to the next. */
  slotSize: usize;
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

/** Number `index` of those that are computed once in a step. */
@inline
export function shared(optimizer: Optimizer, index: usize): f64 {
  return hyperparameter(optimizer, <usize>HYPERPARAMETER_COUNT + index);
}

@inline
export function setShared(optimizer: Optimizer, index: usize, value: f64): void {
  const first = changetype<usize>(optimizer) + offsetof<Optimizer>() + HYPERPARAMETER_COUNT * sizeof<f64>();
  store<f64>(first + index * sizeof<f64>(), value);
}
