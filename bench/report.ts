// Formats measurements as text: the register peaks and a table with one line for each workload; the optimizers.

import type { DType } from "backprop-wasm";
import { describeMachine } from "./machine.js";
import type { Measurement } from "./measure.js";
import { type OptimizerMeasurement, ROUNDS } from "./optimizers.js";
import type { PeakName } from "./peak.js";
import { median } from "./statistics.js";
import { type Column, formatNumber, formatTable, left, right } from "./table.js";

const DTYPES: readonly DType[] = ["float32", "float64"];

/** `workloads`: for each workload the measurement of each engine, the Wasm core first. */
export function formatReport(workloads: readonly (readonly Measurement[])[]): string {
  const measurements = workloads.flat();
  const hasFused = measurements.every(({ peaks }) => peaks.fused !== undefined);
  return [
    `${describeMachine()} One thread, strict build; microseconds a step.`,
    describePeaks(measurements, hasFused),
    "",
    formatTable(columns(hasFused ? "fused" : "strict"), workloads.map(formatRow)),
  ].join("\n");
}

/** `workloads`: for each workload the measurement of each optimizer, in the same order. */
export function formatOptimizers(workloads: readonly (readonly OptimizerMeasurement[])[]): string {
  const names = workloads.map(([first]) => `${first!.work} b${first!.batch}`);
  const columns = names.flatMap((name) => [right(`${name} µs`), right("÷ sgd"), right("÷ adam")]);
  const rows = workloads[0]!.map(({ optimizer }, i) => [
    optimizer,
    ...workloads.flatMap((measurements) => {
      const { microsecondsPerStep, ratioToSgd, ratioToAdam } = measurements[i]!;
      return [microsecondsPerStep, ratioToSgd, ratioToAdam].map(formatNumber);
    }),
  ]);
  return [
    `${describeMachine()} One thread, strict build, ${workloads[0]![0]!.dtype}; microseconds a step, the fastest of ` +
      `${ROUNDS} rounds.`,
    "",
    formatTable([left("optimizer"), ...columns], rows),
  ].join("\n");
}

function columns(highest: PeakName): Column[] {
  return [
    left("network"),
    right("batch"),
    left("dtype"),
    right("wasm µs"),
    right("GFLOP/s"),
    right(`% of ${highest} peak`),
    right("typescript µs"),
    right("GFLOP/s"),
    right("ratio"),
  ];
}

function formatRow([wasm, typescript]: readonly Measurement[]): string[] {
  return [
    wasm!.work,
    String(wasm!.batch),
    wasm!.dtype,
    formatNumber(wasm!.microsecondsPerStep),
    formatNumber(wasm!.gflops),
    formatNumber(wasm!.percentOfPeak),
    formatNumber(typescript!.microsecondsPerStep),
    formatNumber(typescript!.gflops),
    formatNumber(typescript!.microsecondsPerStep / wasm!.microsecondsPerStep),
  ];
}

function describePeaks(measurements: readonly Measurement[], hasFused: boolean): string {
  const peaks = DTYPES.map((dtype) => describePeak(dtype, measurements)).filter((text) => text !== "");
  const reason = hasFused ? "" : " This engine has no relaxed SIMD, and so no fused multiply-add.";
  return `Register peak, GFLOP/s: ${peaks.join("; ")}.${reason}`;
}

/** The median peaks of all workloads with the dtype; empty if there are none. */
function describePeak(dtype: DType, measurements: readonly Measurement[]): string {
  const peaks = measurements.filter((measurement) => measurement.dtype === dtype).map(({ peaks }) => peaks);
  if (peaks.length === 0) return "";
  const names = Object.keys(peaks[0]!) as PeakName[];
  const parts = names.map((name) => `${formatNumber(median(peaks.map((peak) => peak[name]!)))} ${name}`);
  return `${dtype} ${parts.join(", ")}`;
}
