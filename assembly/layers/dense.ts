// A dense layer. Per row, with kernel [inputs, units] and bias [units]:
//
//     logits = x · kernel + bias, outputs = activation(logits)
//     dLogits = dOutputs · activation′, dInputs = dLogits · kernelᵀ
//     dKernel = Σ xᵀ · dLogits, dBias = Σ dLogits, over the rows
//
// In memory, x, logits and outputs are feature-major, so the products are those that Tensors states.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { matmulColumns, matmulRows, Product, TILE_ROWS } from "../kernels/gemm";
import { partBegin } from "../kernels/parts";
import { place, productOf, strideOf, tensorSize } from "../kernels/place";
import { transpose } from "../kernels/transpose";
import { activationBackward, activationForward, checkActivation, needsLogits } from "./activation";
import { checkPenalties } from "./penalty";
import { Layer, Pass, Scratch, Tensors } from "./tensors";

/** How many parameters: kernel [inputs, units], then bias [units]. */
export function denseParameterCount(inputs: u64, units: u64, useBias: u64): u64 {
  return productOf(inputs + useBias, units);
}

/** See checkLayer(). */
export function checkDense(description: LayerDescription, elementSize: usize): Status {
  if (description.useBias > 1) return Status.InvalidFlag;
  return checkPenalties(description, elementSize) ||
    checkActivation(description.activation, description.units, description.parameter, elementSize);
}

/** The largest k of the layer's products, for microbatches of `rows` rows. */
export function denseLongestProduct(layer: Layer, rows: usize): usize {
  return max<usize>(max<usize>(layer.inputs + 1, layer.units), rows);
}

/** Places the tensors and products that only dense layers have in a workspace for `rows` rows; see place(). */
export function denseLayout<T>(layer: Layer, region: usize, tensors: Tensors, at: u64, rows: u64): u64 {
  const fields = changetype<usize>(tensors);
  if (region) tensors.logits = tensors.outputs;
  if (needsLogits(layer.activation)) {
    at = place(region, fields + offsetof<Tensors>("logits"), at, tensorSize<T>(layer.units, strideOf<T>(rows)));
  }
  const rowsSize = tensorSize<T>(rows, strideOf<T>(layer.units));
  at = place(region, fields + offsetof<Tensors>("dLogitsRows"), at, rowsSize);
  at = place(region, fields + offsetof<Tensors>("forward"), at, offsetof<Product>());
  at = place(region, fields + offsetof<Tensors>("inputsBackward"), at, offsetof<Product>());
  at = place(region, fields + offsetof<Tensors>("kernelBackward"), at, offsetof<Product>());
  if (region) prepareProducts<T>(layer, tensors);
  return at;
}

/** Fills in the fields of the products that are the same for all microbatches. */
function prepareProducts<T>(layer: Layer, tensors: Tensors): void {
  const row = layer.units * sizeof<T>();

  const forward = tensors.forward;
  forward.c = tensors.logits;
  forward.a = layer.parameters;
  forward.aRowStep = sizeof<T>();
  forward.aColumnStep = row;
  forward.b = tensors.x;
  forward.m = layer.units;
  forward.k = layer.inputs + layer.useBias;

  const inputsBackward = tensors.inputsBackward;
  inputsBackward.c = tensors.dInputs;
  inputsBackward.a = layer.parameters;
  inputsBackward.aRowStep = row;
  inputsBackward.aColumnStep = sizeof<T>();
  inputsBackward.b = tensors.dOutputs;
  inputsBackward.m = layer.inputs;
  inputsBackward.k = layer.units;

  const kernelBackward = tensors.kernelBackward;
  kernelBackward.c = layer.gradients;
  kernelBackward.cStep = row;
  kernelBackward.a = tensors.x;
  kernelBackward.aColumnStep = sizeof<T>();
  kernelBackward.b = tensors.dLogitsRows;
  kernelBackward.bStep = <usize>strideOf<T>(layer.units) * sizeof<T>();
  kernelBackward.m = layer.inputs + layer.useBias;
  kernelBackward.n = layer.units;
}

/** Fills in the fields of the products that depend on the shape of the microbatch. */
export function denseShape<T>(tensors: Tensors, pass: Pass): void {
  const step = pass.stride * sizeof<T>();
  const forward = tensors.forward;
  forward.n = pass.columns;
  forward.cStep = step;
  forward.bStep = step;
  const inputsBackward = tensors.inputsBackward;
  inputsBackward.n = pass.columns;
  inputsBackward.cStep = step;
  inputsBackward.bStep = step;
  const kernelBackward = tensors.kernelBackward;
  kernelBackward.k = pass.rows;
  kernelBackward.aRowStep = step;
}

/** x → logits → outputs, for columns `begin` … `end` − 1 (whole vectors). */
@inline
export function denseForward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, scratch: Scratch, begin: usize, end: usize,
): void {
  matmulColumns<T>(tensors.forward, begin, end, scratch.product, scratch.panels);
  const first = begin * sizeof<T>();
  activationForward<T>(
    layer.activation, tensors.outputs + first, tensors.logits + first,
    layer.units, end - begin, pass.stride, layer.parameter,
  );
}

/** dOutputs → dLogits (in dOutputs, and transposed in dLogitsRows) → dInputs if `needsInputs`, for the same columns. */
@inline
export function denseBackward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, scratch: Scratch, begin: usize, end: usize, needsInputs: bool,
): void {
  const first = begin * sizeof<T>();
  const dLogits = tensors.dOutputs + first;
  activationBackward<T>(
    layer.activation, dLogits, tensors.outputs + first, tensors.logits + first,
    layer.units, end - begin, pass.stride, layer.parameter,
  );
  const rowStep = tensors.kernelBackward.bStep;
  const rows = min(end, pass.rows) - begin;
  // Reads up to lanes − 1 units past the last one, and writes them after the last unit of each row. They are not used.
  transpose<T>(tensors.dLogitsRows + begin * rowStep, rowStep, dLogits, pass.stride * sizeof<T>(), layer.units, rows);
  if (needsInputs) matmulColumns<T>(tensors.inputsBackward, begin, end, scratch.product, scratch.panels);
}

/** Part `index` of `count` of the gradients of kernel and bias: some of their rows. */
@inline
export function denseGradients<T>(
  layer: Layer, tensors: Tensors, pass: Pass, scratch: Scratch, index: usize, count: usize,
): void {
  const product = tensors.kernelBackward;
  const rows = layer.inputs + layer.useBias;
  const begin = partBegin(rows, TILE_ROWS, index, count);
  const end = partBegin(rows, TILE_ROWS, index + 1, count);
  if (begin == end) return;
  // All threads store the same value.
  product.accumulates = pass.accumulates;
  matmulRows<T>(product, begin, end, scratch.product, scratch.panels);
}
