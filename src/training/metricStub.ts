// Stands in for src/metrics/ until that is merged.

import type { DType, FloatArray } from "../dtype.js";

export interface MetricShape {
  readonly outputs: number;
  readonly takesLabels: boolean;
  readonly dtype: DType;
}

export interface MetricAccumulator {
  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void;
  result(): number;
}

export interface Metric {
  readonly name: string;
  readonly direction: "max" | "min";
  create(shape: MetricShape): MetricAccumulator;
}

export type MetricName = "accuracy";

const THRESHOLD = 0.5;

function classOf(values: FloatArray, row: number, width: number): number {
  if (width === 1) return values[row]! > THRESHOLD ? 1 : 0;
  let best = 0;
  for (let i = 1; i < width; i++) if (values[row * width + i]! > values[row * width + best]!) best = i;
  return best;
}

const accuracy: Metric = {
  name: "accuracy",
  direction: "max",
  create: ({ outputs, takesLabels }) => {
    let right = 0;
    let count = 0;
    return {
      add(values, targets, rows) {
        count += rows;
        for (let row = 0; row < rows; row++) {
          const actual = takesLabels ? targets[row] : classOf(targets, row, outputs);
          if (classOf(values, row, outputs) === actual) right++;
        }
      },
      result: () => right / count,
    };
  },
};

export function resolveMetrics(metrics: unknown, _shape: MetricShape): readonly Metric[] {
  return (metrics as (MetricName | Metric)[]).map((metric) => (metric === "accuracy" ? accuracy : metric));
}
