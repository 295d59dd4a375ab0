// The process of a peer, and what is said to it.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ENVIRONMENT, notInstalled } from "./peers.js";

/** Until an answer. */
const MOST_MILLISECONDS = 60_000;

/** Speaks the protocol of worker.js. */
export class PeerProcess {
  #child;
  #answers;
  #failure;
  #complaint = "";

  /** @param {import("./peers.js").Command} command */
  constructor({ file, args, input, packages }) {
    this.#child = spawn(file, args, { env: ENVIRONMENT });
    this.#child.on("error", (error) => {
      this.#failure = error.code === "ENOENT" && packages ? notInstalled(packages) : error;
    });
    // What is written to a process that has ended is lost; its answer is missing then.
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.on("data", (data) => {
      this.#complaint += data;
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    if (input) this.#child.stdin.write(`${input}\n`);
  }

  /** To be called first. @returns {Promise<import("./worker.js").Description>} */
  describe() {
    return this.#answer();
  }

  /** Makes runs. @returns {Promise<{ milliseconds: number, outputs: number[] }>} */
  async run(times) {
    this.#child.stdin.write(`${times}\n`);
    const { milliseconds, outputs } = await this.#answer();
    if (outputs.every(Number.isFinite)) return { milliseconds, outputs };
    throw new Error(`came to ${outputs.join(" ")} in ${times} runs`);
  }

  stop() {
    this.#child.kill();
  }

  async #answer() {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), MOST_MILLISECONDS);
    const { value, done } = await this.#answers.next();
    clearTimeout(timer);
    if (!done) return JSON.parse(value);
    throw this.#failure ?? new Error(this.#error || `no answer within ${MOST_MILLISECONDS / 1e3} seconds`);
  }

  /** What Node and Python print amid a trace of the stack. */
  get #error() {
    return this.#complaint.match(/^\w*Error\b.*/m)?.[0] ?? this.#complaint.trim();
  }
}
