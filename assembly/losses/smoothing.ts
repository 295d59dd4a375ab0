// Label smoothing. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016.

import { Status } from "../abi/status";
import { rounded } from "../math/range";

/** See checkLoss(). */
export function checkSmoothing(smoothing: f64, elementSize: usize): Status {
  const s = rounded(smoothing, elementSize);
  return s >= 0 && s < 1 ? Status.Ok : Status.InvalidLossParameter;
}

/**
 * Replaces each target t by t(1 − s) + s / classes, in place. Labels become targets of all units first: 1 for the
 * label's unit, 0 for the others.
 *
 *     targets: [units, rows], units `stride` elements apart; labels [1, rows], with room for all units
 */
export function smoothTargets<T>(
  targets: usize, units: usize, rows: usize, stride: usize, smoothing: f64, classes: usize, areLabels: bool,
): void {
  const oldFactor = <T>1 - <T>smoothing, added = <T>smoothing / <T>classes;
  for (let row: usize = 0; row < rows; ++row) {
    const first = targets + row * sizeof<T>();
    const label = load<T>(first);
    // From the last unit to the first: the target of unit 0 overwrites the label.
    for (let i = units; i-- > 0;) {
      const at = first + i * stride * sizeof<T>();
      const t = areLabels ? <T>(label == <T>i) : load<T>(at);
      store<T>(at, t * oldFactor + added);
    }
  }
}
