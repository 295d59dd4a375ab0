// How fast the engines do a work, and the registers' multiply-adds beside them.

import type { DType } from "backprop-wasm";
import { requireAgreement } from "./agreement.js";
import { createPeaks, type PeakName } from "./peak.js";
import { createPredictor } from "./predictor.js";
import { median, round4 } from "./statistics.js";
import type { EngineName } from "./subject.js";
import { createTrainer } from "./trainer.js";
import { takeTurns } from "./turns.js";
import { flops, type Work } from "./works.js";

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
  /** Of the fused peak; where the engine has none, of the strict one. */
  readonly percentOfPeak: number;
}

/** Short ones: the machine changes its speed within seconds. */
const ROUNDS = 11;

/**
 * One measurement for each engine, each of about `milliseconds`, the Wasm one first. Every figure is a median of rounds.
 *
 * @throws Error if the engines do not agree.
 */
export async function measure(work: Work, milliseconds: number): Promise<Measurement[]> {
  const create = work.task === "train" ? createTrainer : createPredictor;
  const subjects = [await create(work, "wasm"), await create(work, "typescript")] as const;
  const peaks = await createPeaks(work.dtype);
  try {
    requireAgreement(work, subjects);
    // The highest peak just before the Wasm engine, for the share that it has.
    const times = takeTurns([...peaks, ...subjects], ROUNDS, milliseconds / ROUNDS);
    const peakRates = peaks.map((peak, i) => rates(peak.flops, times[i]!));
    const peakMedians = peaks.map(({ name }, i) => [name, round4(median(peakRates[i]!))]);
    return subjects.map(({ engine }, i) => {
      const engineTimes = times[peaks.length + i]!;
      const engineRates = rates(flops(work), engineTimes);
      return {
        work: work.name,
        batch: work.batch,
        dtype: work.dtype,
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

/** In GFLOP/s, round by round. */
function rates(flops: number, milliseconds: readonly number[]): number[] {
  return milliseconds.map((time) => flops / (1e6 * time));
}

function percentages(rates: readonly number[], peaks: readonly number[]): number[] {
  return rates.map((rate, round) => (100 * rate) / peaks[round]!);
}
