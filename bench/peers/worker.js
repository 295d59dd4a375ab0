// The program of a JavaScript peer's process. The first line of its input is a task. It answers with a Description.
// Each further line is a number of runs, which it does and times. It answers with { milliseconds, outputs }. Each
// answer is a line of JSON.

import { createInterface } from "node:readline";

/**
 * @typedef {object} Description
 * @property {string} version
 * @property {string} [refusal] Why the peer does not do the task; absent if it does.
 * @property {string} [note] What it does differently from the task.
 * @property {boolean} [isSame] Whether its outputs must equal those of backprop-wasm.
 */

/**
 * @callback Run Does runs: epochs or predictions. Returns the loss of the last epoch in an array, or the last
 * prediction,   after all runs are computed. @param {number} times @returns {ArrayLike<number> |
 * Promise<ArrayLike<number>>}
 */

/**
 * @typedef {object} Peer The exports of each file in peers/.
 * @property {(task: import("./workloads.js").Task) => Description} describe
 * @property {(task: import("./workloads.js").Task) => Run | Promise<Run>} create
 */

// Libraries print messages at start. stdout is for answers only.
console.log = console.error;

const [file, ...variant] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const task = JSON.parse((await lines.next()).value);
/** @type {Peer} */
const peer = await import(file);
const description = peer.describe(task, ...variant);
const run = description.refusal ? undefined : await peer.create(task, ...variant);
answer(description);

for await (const line of lines) {
  const begun = performance.now();
  const outputs = await run(Number(line));
  answer({ milliseconds: performance.now() - begun, outputs: Array.from(outputs) });
}

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
