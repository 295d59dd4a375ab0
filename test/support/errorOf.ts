import { expect } from "vitest";
import { BackpropError } from "../../src/index.js";

/** The BackpropError that `work` throws. Fails if it throws another error or none. */
export function errorOf(work: () => unknown): BackpropError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(BackpropError);
    return error as BackpropError;
  }
  return expect.fail("no error");
}

/** The BackpropError that a promise is rejected with. Fails if it is rejected with another error, or fulfilled. */
export async function rejectionOf(promise: Promise<unknown>): Promise<BackpropError> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(BackpropError);
    return error as BackpropError;
  }
  return expect.fail("no error");
}
