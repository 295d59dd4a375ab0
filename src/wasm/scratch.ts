import type { SampleFormat, Samples } from "./samples.js";

/** Samples of more rows are not kept, so that one large call does not occupy memory permanently. */
const MAX_KEPT_ROWS = 128;

function isSame(a: SampleFormat, b: SampleFormat): boolean {
  return a === b || (a.isWeighted === b.isWeighted && a.byteScale === b.byteScale);
}

/** Keeps the Samples of the last small call for the next one: most calls have as many rows as the one before. */
export class Scratch {
  readonly #create: (rows: number, format: SampleFormat) => Samples;
  #spare: Samples | undefined;
  #maxKeptRows = MAX_KEPT_ROWS;

  constructor(create: (rows: number, format: SampleFormat) => Samples) {
    this.#create = create;
  }

  /** Samples for the caller's use until it gives them back. They may hold the numbers of an earlier call. */
  take(rows: number, format: SampleFormat): Samples {
    const spare = this.#spare;
    if (spare?.rows !== rows || !isSame(spare.format, format)) return this.#create(rows, format);
    this.#spare = undefined;
    return spare;
  }

  giveBack(samples: Samples): void {
    const isKept = samples.rows <= this.#maxKeptRows && !samples.isSlice;
    const dropped = isKept ? this.#spare : samples;
    if (isKept) this.#spare = samples;
    dropped?.dispose();
  }

  /** Disposes the kept samples, and from now on all that are given back. */
  dispose(): void {
    this.#maxKeptRows = 0;
    this.#spare?.dispose();
    this.#spare = undefined;
  }
}
