import { ignoreRejection, type Work } from "../work.js";

/** How a fit waits for promises of the user, which may never settle. */
export class Wait {
  readonly #signal: AbortSignal | undefined;
  #isEnded = false;
  #wake = (): void => {};

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Whether waiting was ended early. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Ends the wait in progress, and all later ones at once. An abort of the signal during a wait does the same. */
  readonly end = (): void => {
    this.#isEnded = true;
    this.#wake();
  };

  /** The value of a promise; undefined if the wait is ended first. The promise is then ignored. */
  *for(promise: PromiseLike<unknown>): Work<unknown> {
    const signal = this.#signal;
    if (signal?.aborted) this.#isEnded = true;
    if (this.#isEnded) {
      ignoreRejection(promise);
      return undefined;
    }
    let value: unknown;
    const settled = new Promise((resolve) => resolve(promise)).then((result) => {
      value = result;
    });
    const ended = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    signal?.addEventListener("abort", this.end);
    try {
      yield Promise.race([settled, ended]);
    } finally {
      signal?.removeEventListener("abort", this.end);
    }
    return value;
  }
}
