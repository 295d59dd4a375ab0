// Gaussian noise: K. Matsuoka, "Noise injection into inputs in back-propagation learning", IEEE Trans. Syst. Man
// Cybern. 22 (1992). In training:
//
//     outputs = x + deviation · normal        dInputs = dOutputs
//
// In evaluation both are copies. The normal numbers are a function of the network's seed, the step, the layer, the unit
// and the row's position in the batch (random/noise.ts), so they do not depend on how the batch is divided.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { isNotNegative } from "../math/range";
import { splat } from "../math/vector";
import { standardNormals } from "../random/noise";
import { checkPlain, copyColumns } from "./plain";
import { Layer, Pass, Tensors } from "./tensors";

/** See checkLayer(). */
export function checkGaussianNoise(description: LayerDescription, inputs: u32, elementSize: usize): Status {
  return checkPlain(description, inputs) ||
    (isNotNegative(description.parameter, elementSize) ? Status.Ok : Status.InvalidLayerParameter);
}

/** outputs from x, for columns `begin` … `end` − 1 (whole vectors). */
export function gaussianNoiseForward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  if (!pass.training) {
    copyColumns<T>(layer, tensors.outputs, tensors.x, pass, begin, end);
    return;
  }
  const deviation = splat<T>(layer.parameter);
  const first = begin * sizeof<T>(), bytes = (end - begin) * sizeof<T>();
  const step = pass.stride * sizeof<T>();
  let x = tensors.x + first, out = tensors.outputs + first;
  for (let unit: usize = 0; unit < layer.units; ++unit, x += step, out += step) {
    const row = <u32>(pass.batchRow + begin);
    standardNormals(out, row, <u32>(end - begin), <u32>unit, <u32>layer.index, pass.step, pass.seed);
    // From the end: the random numbers are f32, and for f64 they fill the first half of the bytes that the loop writes.
    for (let at = bytes; at > 0; at -= 16) {
      const noise = v128.mul<T>(deviation, loadNormals<T>(out, at - 16));
      v128.store(out + at - 16, v128.add<T>(v128.load(x + at - 16), noise));
    }
  }
}

/** The vector of T that belongs at offset `at` of an array of T, from its numbers stored as f32. */
@inline
function loadNormals<T>(x: usize, at: usize): v128 {
  return sizeof<T>() == 4 ? v128.load(x + at) : f64x2.promote_low_f32x4(v128.load64_zero(x + (at >> 1)));
}

/** dInputs from dOutputs, for the same columns. */
export function gaussianNoiseBackward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  copyColumns<T>(layer, tensors.dInputs, tensors.dOutputs, pass, begin, end);
}
