// A curve that grows for as long as training runs, in bounded memory.

/** The most points that a curve keeps: more than a chart has pixels. */
const CAPACITY = 1024;

/** Points in order of x. When there are CAPACITY of them, each pair of neighbours becomes one: their mean. */
export class Series {
  #x: number[] = [];
  #y: number[] = [];
  /** How many added points each kept point is the mean of. */
  #stride = 1;
  #sumX = 0;
  #sumY = 0;
  #count = 0;

  get x(): readonly number[] {
    return this.#x;
  }

  get y(): readonly number[] {
    return this.#y;
  }

  add(x: number, y: number): void {
    if (!Number.isFinite(y)) return;
    this.#sumX += x;
    this.#sumY += y;
    this.#count++;
    if (this.#count < this.#stride) return;
    this.#x.push(this.#sumX / this.#count);
    this.#y.push(this.#sumY / this.#count);
    this.#sumX = this.#sumY = this.#count = 0;
    if (this.#x.length === CAPACITY) this.#halve();
  }

  #halve(): void {
    this.#x = meansOfPairs(this.#x);
    this.#y = meansOfPairs(this.#y);
    this.#stride *= 2;
  }
}

function meansOfPairs(values: readonly number[]): number[] {
  return Array.from({ length: values.length / 2 }, (_, i) => (values[2 * i]! + values[2 * i + 1]!) / 2);
}
