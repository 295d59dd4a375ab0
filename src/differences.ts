// Gradients by finite differences: one parameter after the other is nudged, and the loss taken anew.

import type { Rows } from "./data.js";
import type { FloatArray } from "./engine/engine.js";
import type { Gradients, Network } from "./network.js";
import type { LayerParameters } from "./parameters.js";
import { type Nested, Tensor } from "./tensor.js";
import { requireKeys, requirePositive } from "./validation.js";

export interface DifferenceOptions {
  /** How far each parameter is nudged; above 0, default 1e-5. */
  readonly epsilon?: number;
}

/**
 * The loss, and its gradient by forward differences: (loss(p + ε) − loss(p)) / ε for every parameter p. Its error is of
 * the order of ε; it takes one forward pass for each parameter. In float32 it is mostly rounding: use float64.
 *
 * @throws BackpropError as `evaluate`, and `invalidOption` for an epsilon that is not above 0.
 */
export function forwardDifferences(
  network: Network,
  inputs: Rows,
  targets: Rows,
  options: DifferenceOptions = {},
): Gradients {
  const epsilon = epsilonOf(options);
  const loss = () => network.evaluate(inputs, targets).loss;
  const begin = loss();
  return {
    loss: begin,
    layers: mapParameters(network, (tensor, i) => (lossAt(tensor, i, epsilon, loss) - begin) / epsilon),
  };
}

/**
 * The loss, and its gradient by central differences: (loss(p + ε) − loss(p − ε)) / 2ε for every parameter p. Its error
 * is of the order of ε²; it takes two forward passes for each parameter.
 *
 * @throws BackpropError as `forwardDifferences`.
 */
export function centralDifferences(
  network: Network,
  inputs: Rows,
  targets: Rows,
  options: DifferenceOptions = {},
): Gradients {
  const epsilon = epsilonOf(options);
  const loss = () => network.evaluate(inputs, targets).loss;
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
  /** Where it is, such as "parameters[0].kernel[3]". */
  readonly at: string;
}

/**
 * Compares the gradient by backpropagation with central differences. In float64, with the default epsilon and away from
 * kinks (relu at 0), `largestError` is below 1e-7; a wrong derivative shows as 1e-2 and more. In float32 it is mostly the
 * rounding of the differences.
 *
 * @throws BackpropError as `forwardDifferences`.
 */
export function checkGradients(
  network: Network,
  inputs: Rows,
  targets: Rows,
  options: DifferenceOptions = {},
): GradientCheck {
  const backpropagated = network.gradients(inputs, targets).layers;
  const differences = centralDifferences(network, inputs, targets, options).layers;
  let worst: GradientCheck = { largestError: 0, at: "parameters[0].kernel[0]" };
  differences.forEach((layer, i) => {
    for (const name of ["kernel", "bias"] as const) {
      layer[name]?.data.forEach((difference, j) => {
        const error = relativeError(backpropagated[i]![name]!.data[j]!, difference);
        // Nothing is worse than a NaN.
        if (error <= worst.largestError || Number.isNaN(worst.largestError)) return;
        worst = { largestError: error, at: `parameters[${i}].${name}[${j}]` };
      });
    }
  });
  return worst;
}

function relativeError(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));
}

function epsilonOf(options: DifferenceOptions): number {
  requireKeys("options", options, ["epsilon"]);
  const { epsilon = 1e-5 } = options;
  requirePositive("epsilon", epsilon);
  return epsilon;
}

/** The loss with element `index` of `tensor` moved by `step`; the element is put back as it was. */
function lossAt(tensor: Tensor, index: number, step: number, loss: () => number): number {
  const value = tensor.data[index]!;
  tensor.data[index] = value + step;
  try {
    return loss();
  } finally {
    tensor.data[index] = value;
  }
}

function mapParameters(
  network: Network,
  element: (tensor: Tensor, index: number) => number,
): readonly LayerParameters[] {
  const map = <Values extends Nested[]>(tensor: Tensor<Values>): Tensor<Values> => {
    const values: FloatArray = tensor.data.slice();
    for (let i = 0; i < values.length; i++) values[i] = element(tensor, i);
    return new Tensor(tensor.shape, () => values);
  };
  return network.parameters.map(({ kernel, bias }) => ({ kernel: map(kernel), bias: bias && map(bias) }));
}
