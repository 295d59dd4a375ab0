// Gradients by finite differences: changes one parameter after the other, and computes the loss again.

import type { Rows } from "./data/rows.js";
import { Tensor } from "./data/tensor.js";
import type { Layer } from "./layers/layers.js";
import type { ParametersOf } from "./layers/parameters.js";
import type { Gradients, Network } from "./network.js";
import { requireNetwork, tensorsOf } from "./networkTensors.js";
import { type OptionsOf, ofType, readOptions, requirePositive } from "./validation.js";

export interface DifferenceOptions {
  /** By how much each parameter is changed; above 0, default 1e-5. */
  readonly epsilon?: number;
  /**
   * Whether layers act as in the coming training step, see `evaluate`; default false. All losses then use one mask of
   * each dropout layer.
   */
  readonly training?: boolean;
}

/**
 * The loss, and its gradient by forward differences: (loss(p + ε) − loss(p)) / ε for every parameter p. The error is of
 * the order of ε. It takes one forward pass for each parameter. Frozen parameters have the gradient 0. In float32 the
 * result is mostly rounding error: use float64.
 *
 * @throws BackpropError as `evaluate`, and `invalidOption` for an epsilon that is not above 0.
 */
export function forwardDifferences<L extends readonly Layer[]>(
  network: Network<L>,
  inputs: Rows,
  targets: Rows,
  options: DifferenceOptions = {},
): Gradients<L> {
  const { epsilon, training } = read(network, options);
  const loss = () => network.evaluate(inputs, targets, { averaged: false, training }).loss;
  const begin = loss();
  return {
    loss: begin,
    layers: mapParameters(network, (tensor, i) => (lossAt(tensor, i, epsilon, loss) - begin) / epsilon),
  };
}

/**
 * The loss, and its gradient by central differences: (loss(p + ε) − loss(p − ε)) / 2ε for every parameter p. The error
 * is of the order of ε². It takes two forward passes for each parameter. Frozen parameters have the gradient 0.
 *
 * @throws BackpropError as `forwardDifferences`.
 */
export function centralDifferences<L extends readonly Layer[]>(
  network: Network<L>,
  inputs: Rows,
  targets: Rows,
  options: DifferenceOptions = {},
): Gradients<L> {
  const { epsilon, training } = read(network, options);
  const loss = () => network.evaluate(inputs, targets, { averaged: false, training }).loss;
  return {
    loss: loss(),
    layers: mapParameters(
      network,
      (tensor, i) => (lossAt(tensor, i, epsilon, loss) - lossAt(tensor, i, -epsilon, loss)) / (2 * epsilon),
    ),
  };
}

export interface GradientCheck {
  /** The largest |backpropagated − difference| / max(1, |backpropagated|, |difference|) over all parameters. */
  readonly largestError: number;
  /** The parameter with the largest error, such as "parameters[0].kernel[3]". */
  readonly at: string;
}

/**
 * Compares the gradient by backpropagation with central differences. In float64, with the default epsilon and away from
 * kinks (relu at 0), `largestError` is below 1e-7. A wrong derivative gives 1e-2 and more. In float32 it is mostly the
 * rounding error of the differences.
 *
 * @throws BackpropError as `forwardDifferences`.
 */
export function checkGradients<L extends readonly Layer[]>(
  network: Network<L>,
  inputs: Rows,
  targets: Rows,
  options: DifferenceOptions = {},
): GradientCheck {
  const { epsilon, training } = read(network, options);
  const backpropagated = tensorsOf(network.gradients(inputs, targets, { training }).layers);
  const differences = tensorsOf(centralDifferences(network, inputs, targets, { epsilon, training }).layers);
  let worst: GradientCheck = { largestError: 0, at: `${differences[0]?.path ?? "parameters"}[0]` };
  differences.forEach(({ path, tensor }, i) => {
    const { data } = backpropagated[i]!.tensor;
    tensor.data.forEach((difference, j) => {
      const error = relativeError(data[j]!, difference);
      // NaN counts as the largest error.
      if (error <= worst.largestError || Number.isNaN(worst.largestError)) return;
      worst = { largestError: error, at: `${path}[${j}]` };
    });
  });
  return worst;
}

function relativeError(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));
}

const OPTIONS: OptionsOf<DifferenceOptions> = {
  epsilon: { check: requirePositive, default: 1e-5 },
  training: { check: ofType("boolean"), default: false },
};

/** The checked options for differences of `network`. */
function read(network: unknown, options: DifferenceOptions): Required<DifferenceOptions> {
  requireNetwork(network);
  return readOptions("options", options, OPTIONS, { dtype: network.dtype }) as Required<DifferenceOptions>;
}

/** The loss with `step` added to element `index` of `tensor`. Restores the element. */
function lossAt(tensor: Tensor, index: number, step: number, loss: () => number): number {
  const value = tensor.data[index]!;
  tensor.data[index] = value + step;
  try {
    return loss();
  } finally {
    tensor.data[index] = value;
  }
}

/** The results of `element` for each parameter; 0 for those of frozen layers. */
function mapParameters<L extends readonly Layer[]>(
  network: Network<L>,
  element: (tensor: Tensor, index: number) => number,
): ParametersOf<L> {
  const map = (tensor: Tensor, isTrained: boolean): Tensor => {
    const values = tensor.data.slice();
    for (let i = 0; i < values.length; i++) values[i] = isTrained ? element(tensor, i) : 0;
    return new Tensor(tensor.shape, values);
  };
  const mapLayer = (layer: object, i: number) =>
    Object.fromEntries(
      (Object.entries(layer) as [string, Tensor | null][]).map(([name, tensor]) => [
        name,
        tensor && map(tensor, network.trainable[i]!),
      ]),
    );
  return (network.parameters as readonly object[]).map(mapLayer) as unknown as ParametersOf<L>;
}
