// The measurements for people: a line a peer, a column a work, as Markdown.

import { describeMachine } from "../../build/bench/machine.js";
import { formatNumber, formatTable, formatTime, left, right } from "../../build/bench/table.js";

/** @param {import("./measure.js").Measurement[][]} works Those of each work, in one order of peers. */
export function formatTables(works) {
  return [
    `${describeMachine()} One thread.`,
    "",
    "Microseconds a step: the median of the rounds (and the best)",
    "",
    formatWorks(works, formatTime),
    "",
    "Times ours: the median of the rounds",
    "",
    formatWorks(works, ({ ratio }) => formatNumber(ratio)),
    "",
    ...remarks(works),
  ].join("\n");
}

function formatWorks(works, formatCell) {
  const cell = (measurement) => (measurement.microsecondsPerStep ? formatCell(measurement) : "–");
  const rows = works[0].map(({ peer }, i) => [peer, ...works.map((peers) => cell(peers[i]))]);
  return formatTable([left(""), ...works.map(([ours]) => right(heading(ours)))], rows);
}

function heading({ work, batch, dtype }) {
  return `${work} b${batch}${dtype === "float64" ? " f64" : ""}`;
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
