// The process of a peer in JavaScript. It is told a task, then how many runs to make and time, a line each.

import { createInterface } from "node:readline";

/**
 * @typedef {object} Description
 * @property {string} version
 * @property {string} [refusal] Why the peer does not do a task; if it does, absent.
 * @property {string} [note] What it does otherwise than asked.
 * @property {boolean} [isSame] Whether it must come to the same numbers as backprop-wasm.
 */

/**
 * @callback Run Makes runs (epochs, or predictions) and returns, once they are really computed, the loss of the last
 *   epoch in an array, or the last prediction.
 * @param {number} times
 * @returns {ArrayLike<number> | Promise<ArrayLike<number>>}
 */

/**
 * @typedef {object} Peer What every file in peers/ exports.
 * @property {(task: import("./works.js").Task) => Description} describe
 * @property {(task: import("./works.js").Task) => Run | Promise<Run>} create
 */

// Libraries greet on it; it is for answers.
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
