/** Wakes those who wait for it. */
export class Signal {
  readonly #waiting = new Set<() => void>();

  raise(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when the signal is raised, or after so many ms. */
  wait(milliseconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = milliseconds === undefined ? undefined : setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }
}

/** Resolves after messages and timers had their turn. Browsers delay a timer of 0 ms by 4 ms, but not a message. */
export function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
