// Measures how fast the engines are at a workload, and the register peak in the same rounds.

import type { DType } from "backprop-wasm";
import { requireAgreement } from "./agreement.js";
import { createPeaks, type PeakName } from "./peak.js";
import { createPredictor } from "./predictor.js";
import { measureRounds } from "./rounds.js";
import { median, round4 } from "./statistics.js";
import type { EngineName } from "./subject.js";
import { createTrainer } from "./trainer.js";
import { flops, type Workload } from "./workloads.js";

/** A line of `--json`. */
export interface Measurement {
  readonly work: string;
  readonly batch: number;
  readonly dtype: DType;
  readonly engine: EngineName;
  readonly build: "strict";
  readonly threads: 1;
  readonly microsecondsPerStep: number;
  readonly gflops: number;
  /** The register peaks in the same rounds, in GFLOP/s. */
  readonly peaks: { readonly [name in PeakName]?: number };
  /** Percent of the fused peak; of the strict peak if this engine has no fused multiply-add. */
  readonly percentOfPeak: number;
}

/** Many short rounds, because a shared machine changes its speed within seconds. */
const ROUNDS = 11;

/**
 * One measurement for each engine, the Wasm core first. Each takes about `milliseconds`. Every figure is the median of the
 * rounds.
 *
 * @throws Error if the engines compute different results.
 */
export async function measure(workload: Workload, milliseconds: number): Promise<Measurement[]> {
  const create = workload.task === "train" ? createTrainer : createPredictor;
  const subjects = [await create(workload, "wasm"), await create(workload, "typescript")] as const;
  const peaks = await createPeaks(workload.dtype);
  try {
    requireAgreement(workload, subjects);
    // The highest peak is measured immediately before the Wasm core, because percentOfPeak compares the two.
    const times = measureRounds([...peaks, ...subjects], ROUNDS, milliseconds / ROUNDS);
    const peakRates = peaks.map((peak, i) => rates(peak.flops, times[i]!));
    const peakMedians = peaks.map(({ name }, i) => [name, round4(median(peakRates[i]!))]);
    return subjects.map(({ engine }, i) => {
      const engineTimes = times[peaks.length + i]!;
      const engineRates = rates(flops(workload), engineTimes);
      return {
        work: workload.name,
        batch: workload.batch,
        dtype: workload.dtype,
        engine,
        build: "strict",
        threads: 1,
        microsecondsPerStep: round4(1e3 * median(engineTimes)),
        gflops: round4(median(engineRates)),
        peaks: Object.fromEntries(peakMedians),
        percentOfPeak: round4(median(percentages(engineRates, peakRates.at(-1)!))),
      };
    });
  } finally {
    for (const subject of subjects) subject.dispose();
  }
}

/** GFLOP/s in each round. */
function rates(flops: number, milliseconds: readonly number[]): number[] {
  return milliseconds.map((time) => flops / (1e6 * time));
}

function percentages(rates: readonly number[], peaks: readonly number[]): number[] {
  return rates.map((rate, round) => (100 * rate) / peaks[round]!);
}
