/** How often something happens, over the last half second or more. */
export class Rate {
  #since = 0;
  #count = 0;
  /** A second; 0 before the first half second. */
  perSecond = 0;

  reset(): void {
    this.#since = performance.now();
    this.#count = 0;
    this.perSecond = 0;
  }

  count(): void {
    this.#count++;
    const elapsed = performance.now() - this.#since;
    if (elapsed < 500) return;
    this.perSecond = (this.#count * 1000) / elapsed;
    this.#since += elapsed;
    this.#count = 0;
  }
}
