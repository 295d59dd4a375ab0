// Ctrl-C: once ends the training with its epoch, twice quits.

import { note } from "./output.js";

/** The exit status of a program that a second Ctrl-C ended: 128 + SIGINT. */
const QUIT = 130;

export class Interrupt {
  #isRequested = false;

  constructor() {
    process.on("SIGINT", this.#request);
  }

  /** Whether Ctrl-C was pressed. */
  get isRequested(): boolean {
    return this.#isRequested;
  }

  /** From now on, Ctrl-C quits at once. */
  end(): void {
    process.off("SIGINT", this.#request);
  }

  #request = (): void => {
    if (this.#isRequested) process.exit(QUIT);
    this.#isRequested = true;
    note("\nThe training ends after this epoch. Press Ctrl-C again to quit without saving it.");
  };
}
