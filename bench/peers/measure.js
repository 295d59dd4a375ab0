// Times steps in rounds. In each round, every peer is timed once, immediately after ours. So a slow phase of the
// machine affects both.

import { median, round4 } from "../../build/bench/statistics.js";
import { firstOutputs, requireFall, requireSame } from "./agreement.js";
import { ADAM_PEERS, OURS, PEERS, Refusal } from "./peers.js";
import { PeerProcess } from "./process.js";
import { createTask, stepsPerRun } from "./workloads.js";

/**
 * @typedef {object} Measurement A line of `--json`.
 * @property {string} work The name of the workload.
 * @property {number} batch Rows of a step.
 * @property {string} dtype
 * @property {string} peer The name of the peer.
 * @property {string} [version]
 * @property {string} node The version of Node.
 * @property {string} [note] What it does differently from the task.
 * @property {string} [refusal] Why there is no time.
 * @property {boolean} [failed] Whether there is no time because of an error.
 * @property {number} [microsecondsPerStep] The median of the rounds.
 * @property {number} [best] The fastest round.
 * @property {number} [ratio] The time divided by ours, which was measured immediately before: the median of the rounds.
 */

/**
 * @typedef {object} Contender A peer with one workload. backprop-wasm is a contender, too.
 * @property {import("./peers.js").Peer} peer
 * @property {PeerProcess} [process]
 * @property {import("./worker.js").Description} [description]
 * @property {Error} [error] Why it is not measured any more.
 * @property {number[]} [outputs] The first outputs, if they must equal ours.
 * @property {number} [times] Runs in a round.
 * @property {number[]} steps Microseconds of a step, in each round.
 * @property {number[]} ratios The time of a step divided by ours, in each round.
 */

const ROUNDS = 5;

/** After this time, V8 has compiled optimised code (for tfjs with XOR, most of it). */
const WARM_UP_MILLISECONDS = 1000;

/**
 * Measures ours first, then each peer. Each round of each peer takes about `milliseconds`.
 *
 * @returns {Promise<Measurement[]>}
 * @throws Error if ours fails.
 */
export async function measure(workload, milliseconds, folder) {
  const task = createTask(workload);
  const contenders = [OURS, ...(task.optimizer === "adam" ? ADAM_PEERS : PEERS)].map((peer) => ({
    peer,
    steps: [],
    ratios: [],
  }));
  const [ours] = contenders;
  const each = (action) => forEachContender(contenders, action);
  try {
    // All at once, because nothing is measured yet.
    await Promise.all(
      contenders.map((contender) => attempt(contender, () => start(contender, task, folder))),
    );
    await each((contender) => compare(contender, ours, task));
    await each((contender) => warmUp(contender, task, milliseconds));
    for (let i = 0; i < ROUNDS; i++) await each((contender) => measureRound(contender, ours, task));
    return contenders.map((contender) => describe(workload, contender));
  } finally {
    for (const { process } of contenders) process?.stop();
  }
}

/** Runs the action for one contender after the other. @throws Error if ours fails. */
async function forEachContender(contenders, action) {
  for (const contender of contenders) await attempt(contender, () => action(contender));
  const [ours] = contenders;
  if (ours.error) throw ours.error;
}

/** A contender that fails is not measured any more. */
async function attempt(contender, action) {
  if (contender.error) return;
  try {
    await action();
  } catch (error) {
    contender.error = error;
  }
}

/** Starts the contender's process. @throws Refusal if it does not do the task. */
async function start(contender, task, folder) {
  contender.process = new PeerProcess(contender.peer.prepare(task, folder));
  contender.description = await contender.process.describe();
  if (contender.description.refusal) throw new Refusal(contender.description.refusal);
}

/** Compares the outputs with ours. Peers that compute something else are checked in warmUp(). */
async function compare(contender, ours, task) {
  if (!contender.description.isSame) return;
  contender.outputs = await firstOutputs(contender.process);
  requireSame(task, contender.outputs, ours.outputs);
}

/** Doubles the number of runs until the time of a round is known. */
async function warmUp(contender, { task }, milliseconds) {
  const { process, description } = contender;
  const first = await process.run(1);
  let spent = first.milliseconds;
  for (let times = 1; ; times *= 2) {
    const last = await process.run(times);
    spent += last.milliseconds;
    if (spent < WARM_UP_MILLISECONDS || last.milliseconds < milliseconds / 2) continue;
    if (task === "train" && !description.isSame) requireFall(first.outputs[0], last.outputs[0]);
    contender.times = Math.max(1, Math.round((times * milliseconds) / last.milliseconds));
    return;
  }
}

/** Measures ours, then the contender. */
async function measureRound(contender, ours, task) {
  const step = await measureStep(ours, task);
  contender.steps.push(await measureStep(contender, task));
  contender.ratios.push(contender.steps.at(-1) / step);
}

/** Microseconds of a step. */
async function measureStep({ process, times }, task) {
  const { milliseconds } = await process.run(times);
  return (1e3 * milliseconds) / (times * stepsPerRun(task));
}

/** @returns {Measurement} */
function describe({ name, batch, dtype }, { peer, description, error, steps, ratios }) {
  const { version, note } = description ?? {};
  const about = { work: name, batch, dtype, peer: peer.name, version, note, node: process.version };
  if (error) return { ...about, refusal: error.message, failed: !(error instanceof Refusal) };
  return {
    ...about,
    microsecondsPerStep: round4(median(steps)),
    best: round4(Math.min(...steps)),
    ratio: round4(median(ratios)),
  };
}
