// Ends the process if it hangs. A call of the core cannot be interrupted otherwise.

import { Worker } from "node:worker_threads";

/**
 * The program of the watching thread. It writes to the file descriptor, because a main thread that hangs forwards no
 * output.
 */
const PROGRAM = `
  const { workerData: { progress, seconds } } = require("node:worker_threads");
  for (let seen = 0; ; ) {
    if (Atomics.wait(progress, 0, seen, 1000 * seconds) === "timed-out") {
      require("node:fs").writeSync(2, "case " + seen + " hangs\\n");
      process.kill(process.pid, "SIGKILL");
    }
    seen = Atomics.load(progress, 0);
  }`;

export class Watchdog {
  readonly #progress = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  /** Ends the process unless `beginCase` is called at least every `seconds` seconds. */
  constructor(seconds: number) {
    this.#worker = new Worker(PROGRAM, { eval: true, workerData: { progress: this.#progress, seconds } });
    this.#worker.unref();
  }

  /** Reports progress. `number` is printed if the case hangs. */
  beginCase(number: number): void {
    Atomics.store(this.#progress, 0, number);
    Atomics.notify(this.#progress, 0);
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
