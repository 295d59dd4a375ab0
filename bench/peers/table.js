// The measurements for people: a line a peer, a column a work, as Markdown.

import { cpus } from "node:os";

/** @param {import("./measure.js").Measurement[][]} works Those of each work, in one order of peers. */
export function formatTables(works) {
  const time = ({ microsecondsPerStep, best }) =>
    `${formatNumber(microsecondsPerStep)} (${formatNumber(best)})`;
  return [
    describeMachine(),
    "",
    "Microseconds a step: the median of the rounds (and the best)",
    "",
    formatTable(works, time),
    "",
    "Times ours: the median of the rounds",
    "",
    formatTable(works, ({ ratio }) => formatNumber(ratio)),
    "",
    ...remarks(works),
  ].join("\n");
}

function formatTable(works, formatCell) {
  const cell = (measurement) => (measurement.microsecondsPerStep ? formatCell(measurement) : "–");
  const rows = works[0].map(({ peer }, i) => [peer, ...works.map((peers) => cell(peers[i]))]);
  return formatRows([["", ...works.map(([ours]) => heading(ours))], ...rows]);
}

function heading({ work, batch, dtype }) {
  return `${work} b${batch}${dtype === "float64" ? " f64" : ""}`;
}

/** Names are left-aligned, numbers right. */
function formatRows([header, ...rows]) {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i].length), 3));
  const pad = (cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  const line = (cells) => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [header, rule, ...rows].map(line).join("\n");
}

/** Three digits, so that numbers from XOR's to the largest network's can be read below each other. */
function formatNumber(value) {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(decimals, 3));
}

/** What each peer did otherwise than asked, and why it did not do what it did not. */
function remarks(works) {
  return works[0].map(({ peer }, i) => {
    const measurements = works.map((peers) => peers[i]);
    const version = measurements.find(({ version }) => version)?.version;
    const texts = new Map();
    for (const measurement of measurements) {
      const text = measurement.refusal ? `–: ${measurement.refusal}` : measurement.note;
      if (text) texts.set(text, [...(texts.get(text) ?? []), heading(measurement)]);
    }
    const parts = [...texts].map(([text, works]) => `${text} (${works.join(", ")})`);
    return `- ${[`${peer} ${version ?? ""}`.trim(), ...parts].join("; ")}`;
  });
}

function describeMachine() {
  const date = new Date().toISOString().slice(0, 10);
  const processor = cpus()[0]?.model ?? "unknown processor";
  return `Node ${process.version}, ${processor}, ${date}; one thread.`;
}
