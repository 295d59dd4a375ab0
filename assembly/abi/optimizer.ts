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
 * The head of an optimizer's region:
 *
 *     Optimizer
 *     hyperparameters  f64 [HYPERPARAMETER_COUNT], in the order that the optimizer's file names
 *     shared           f64 [SHARED_COUNT], computed before each step
 *     state            [slots, parameterCount rounded up to a cache line], zeros at first
 */
@unmanaged
export class Optimizer {
  kind: OptimizerKind;
  /** How many numbers of state each parameter has. */
  slots: u32;
  /** Steps taken. */
  step: f64;
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
