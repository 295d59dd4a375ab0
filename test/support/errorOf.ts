import { expect } from "vitest";
import { BackpropError } from "../../src/index.js";

/** The error that `work` throws, which is to be one of the library's. */
export function errorOf(work: () => unknown): BackpropError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(BackpropError);
    return error as BackpropError;
  }
  return expect.fail("no error");
}
