import { expect } from "vitest";
import { BackpropError } from "../../src/index.js";

/** The BackpropError with which a promise rejects. Fails if it rejects with another error or not at all. */
export async function rejectionOf(promise: Promise<unknown>): Promise<BackpropError> {
  const error = await promise.then(
    () => expect.fail("no error"),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(BackpropError);
  return error as BackpropError;
}
