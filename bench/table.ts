// The measurements for people: a line a work, the engines side by side.

import { cpus } from "node:os";
import type { Measurement } from "./measure.js";

const HEADER = ["work", "batch", "dtype", "wasm µs", "GFLOP/s", "typescript µs", "GFLOP/s", "ratio"];

/** Names are left-aligned, numbers right. */
const ALIGNMENT = ["left", "right", "left", "right", "right", "right", "right", "right"] as const;

/** Each of `works` is a measurement for each engine, the Wasm one first. */
export function formatTable(works: readonly (readonly Measurement[])[]): string {
  const rows = [HEADER, ...works.map(formatRow)];
  const widths = HEADER.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) => row.map((cell, i) => pad(cell, widths[i]!, ALIGNMENT[i]!)).join("  "));
  return [describeMachine(), "", ...lines].join("\n");
}

function formatRow([wasm, typescript]: readonly Measurement[]): string[] {
  const ratio = typescript!.microsecondsPerStep / wasm!.microsecondsPerStep;
  return [
    wasm!.work,
    String(wasm!.batch),
    wasm!.dtype,
    formatNumber(wasm!.microsecondsPerStep),
    formatNumber(wasm!.gflops),
    formatNumber(typescript!.microsecondsPerStep),
    formatNumber(typescript!.gflops),
    formatNumber(ratio),
  ];
}

/** Three digits, so that numbers from XOR's to the largest network's can be read below each other. */
function formatNumber(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(decimals, 3));
}

function pad(cell: string, width: number, alignment: "left" | "right"): string {
  return alignment === "left" ? cell.padEnd(width) : cell.padStart(width);
}

function describeMachine(): string {
  const date = new Date().toISOString().slice(0, 10);
  const processor = cpus()[0]?.model ?? "unknown processor";
  return `Node ${process.version}, ${processor}, ${date}. Microseconds a step; one thread, strict build.`;
}
