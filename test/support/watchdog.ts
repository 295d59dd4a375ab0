// Ends the process if it hangs. A call of the core cannot be interrupted otherwise.

import { Worker } from "node:worker_threads";

/** Runs in its own thread. Writes to the file descriptor, because a main thread that hangs forwards no output. */
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

  beginCase(number: number): void {
    Atomics.store(this.#progress, 0, number);
    Atomics.notify(this.#progress, 0);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
