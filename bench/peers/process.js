// The process of a peer.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ENVIRONMENT, notInstalled } from "./peers.js";

/** The maximum time until an answer. */
const TIMEOUT_MILLISECONDS = 60_000;

/** Speaks the protocol of worker.js with a peer. */
export class PeerProcess {
  #child;
  #answers;
  #failure;
  #stderr = "";

  /** @param {import("./peers.js").Command} command */
  constructor({ file, args, input, packages }) {
    this.#child = spawn(file, args, { env: ENVIRONMENT });
    this.#child.on("error", (error) => {
      this.#failure = error.code === "ENOENT" && packages ? notInstalled(packages) : error;
    });
    // Writing to a process that has ended fails. The missing answer is reported later.
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.on("data", (data) => {
      this.#stderr += data;
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    if (input) this.#child.stdin.write(`${input}\n`);
  }

  /** Call it first. @returns {Promise<import("./worker.js").Description>} */
  describe() {
    return this.#answer();
  }

  /** Does `times` runs. @returns {Promise<{ milliseconds: number, outputs: number[] }>} */
  async run(times) {
    this.#child.stdin.write(`${times}\n`);
    const { milliseconds, outputs } = await this.#answer();
    if (outputs.every(Number.isFinite)) return { milliseconds, outputs };
    throw new Error(`its outputs were ${outputs.join(" ")} after ${times} runs`);
  }

  /** Ends the process. */
  stop() {
    this.#child.kill();
  }

  /** The next line of the process, as an object. @throws Error with what it printed to stderr, if it ends or hangs. */
  async #answer() {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), TIMEOUT_MILLISECONDS);
    const { value, done } = await this.#answers.next();
    clearTimeout(timer);
    if (!done) return JSON.parse(value);
    throw this.#failure ?? new Error(this.#error || `no answer within ${TIMEOUT_MILLISECONDS / 1e3} seconds`);
  }

  /** The line with the error in what Node or Python printed, or everything printed. */
  get #error() {
    return this.#stderr.match(/^\w*Error\b.*/m)?.[0] ?? this.#stderr.trim();
  }
}
