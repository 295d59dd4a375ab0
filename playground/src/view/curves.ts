// The curves of a run, as they grow with each frame.

import type { CurvePoints } from "../training/messages.js";
import { Series } from "./series.js";

export class Curves {
  readonly loss = new Series();
  readonly validationLoss = new Series();
  /** By the names of the metrics. */
  readonly metrics = new Map<string, Series>();

  add({ epochs, loss, evaluatedEpochs, validationLoss, metrics }: CurvePoints): void {
    addAll(this.loss, epochs, loss);
    addAll(this.validationLoss, evaluatedEpochs, validationLoss);
    for (const [name, values] of Object.entries(metrics)) {
      const series = this.metrics.get(name) ?? new Series();
      this.metrics.set(name, series);
      addAll(series, evaluatedEpochs, values);
    }
  }
}

function addAll(series: Series, x: Float64Array, y: Float64Array): void {
  y.forEach((value, i) => {
    series.add(x[i]!, value);
  });
}
