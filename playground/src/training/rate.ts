/** The time that a rate is averaged over, in ms. */
const WINDOW = 500;

/** How often something happens in a second. */
export class Rate {
  #samples: { readonly time: number; readonly count: number }[] = [];

  restart(): void {
    this.#samples = [];
  }

  /** @param count How often it has happened so far. */
  add(count: number): void {
    const time = performance.now();
    this.#samples.push({ time, count });
    while (this.#samples.length > 2 && this.#samples[1]!.time < time - WINDOW) this.#samples.shift();
  }

  /** 0 before two samples. */
  get perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.time === first.time) return 0;
    return (1000 * (last.count - first.count)) / (last.time - first.time);
  }
}
