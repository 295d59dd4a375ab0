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
    // From the end: of f64, the numbers fill the first half of the bytes that are written.
    for (let at = bytes; at > 0; at -= 16) {
      const noise = v128.mul<T>(deviation, loadNumbers<T>(out, at - 16));
      v128.store(out + at - 16, v128.add<T>(v128.load(x + at - 16), noise));
    }
  }
}

/** A vector of T at offset `at` of an array of T that is stored as f32. */
@inline
function loadNumbers<T>(x: usize, at: usize): v128 {
  return sizeof<T>() == 4 ? v128.load(x + at) : f64x2.promote_low_f32x4(v128.load64_zero(x + (at >> 1)));
}

export function gaussianNoiseBackward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  copyColumns<T>(layer, tensors.dInputs, tensors.dOutputs, pass, begin, end);
}
