import type { FloatArray } from "../dtype.js";
import { refusePromise } from "../validation.js";

/**
 * A stream of random numbers. Initializers draw from it. A network without `seed` draws its key from it, once, at the
 * first fit that needs random numbers.
 */
export interface RandomStream {
  /** Fills `values`, in order, with uniform draws in [low, high), in the dtype of the array. */
  fillUniform(values: FloatArray, low: number, high: number): void;
  /** Fills `values`, in order, with normal draws, in the dtype of the array. */
  fillNormal(values: FloatArray, mean: number, standardDeviation: number): void;
}

/**
 * Fills `values` by a method of a stream, which may be one of a user.
 *
 * @throws BackpropError `invalidOption` if the method returns a promise. Its exceptions pass through.
 */
export function draw(random: RandomStream, method: keyof RandomStream, ...values: Draw): void {
  const returned: unknown = random[method](...values);
  refusePromise(
    `random.${method}`,
    returned,
    "; expected a function that has filled the array when it returns.",
  );
}

type Draw = Parameters<RandomStream["fillUniform"]>;
