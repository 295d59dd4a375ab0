// Formats measurements as tables in Markdown: one line for each peer, one column for each workload.

import { describeMachine } from "../../build/bench/machine.js";
import { formatNumber, formatTable, formatTime, left, right } from "../../build/bench/table.js";

/**
 * @param {import("./measure.js").Measurement[][]} workloads For each workload, the measurements of all peers in the
 * same   order.
 */
export function formatTables(workloads) {
  return [
    `${describeMachine()} One thread.`,
    "",
    "Microseconds of a step: the median of the rounds (and the fastest)",
    "",
    formatWorkloads(workloads, formatTime),
    "",
    "How many times longer than ours a step takes: the median of the rounds",
    "",
    formatWorkloads(workloads, ({ ratio }) => formatNumber(ratio)),
    "",
    ...remarks(workloads),
  ].join("\n");
}

function formatWorkloads(workloads, formatCell) {
  const cell = (measurement) => (measurement.microsecondsPerStep ? formatCell(measurement) : "–");
  const rows = workloads[0].map(({ peer }, i) => [peer, ...workloads.map((peers) => cell(peers[i]))]);
  return formatTable([left(""), ...workloads.map(([ours]) => right(heading(ours)))], rows);
}

function heading({ work, batch, dtype }) {
  return `${work} b${batch}${dtype === "float64" ? " f64" : ""}`;
}

/** For each peer: its version, what it does differently from the task, and why it was not measured. */
function remarks(workloads) {
  return workloads[0].map(({ peer }, i) => {
    const measurements = workloads.map((peers) => peers[i]);
    const version = measurements.find(({ version }) => version)?.version;
    const texts = new Map();
    for (const measurement of measurements) {
      const text = measurement.refusal ? `–: ${measurement.refusal}` : measurement.note;
      if (text) texts.set(text, [...(texts.get(text) ?? []), heading(measurement)]);
    }
    const parts = [...texts].map(([text, workloads]) => `${text} (${workloads.join(", ")})`);
    return `- ${[`${peer} ${version ?? ""}`.trim(), ...parts].join("; ")}`;
  });
}
