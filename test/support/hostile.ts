// Values that a caller in JavaScript may pass by mistake, or to do harm.

import { runInNewContext } from "node:vm";

/** What every trap of a hostile object does. */
function boom(): never {
  throw new Error("boom");
}

const THROWING = { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, set: boom };
const HUGE = 2 ** 32 - 1;

/** A typed array whose length is a lie. */
class Claiming extends Float32Array {
  override get length() {
    return 1e9;
  }
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function cyclic(): unknown[] {
  const list: unknown[] = [];
  list[0] = list;
  return list;
}

function detached(): Float64Array {
  const array = new Float64Array(4);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

function endless(element: unknown): unknown {
  return new Proxy([], { get: (_, key) => (key === "length" ? HUGE : element) });
}

const NUMBERS = [Number.NaN, -0, -1, 0.5, 2, 5e-324, 1e300, Infinity, HUGE, 2 ** 53];
const PRIMITIVES = [null, true, 10n, 1n << 100_000n, "", "abc", "x".repeat(1e6), Symbol("s")];

/** Functions that create the values, by their names. Each use needs a new value, because some can be used only once. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries([...NUMBERS, ...PRIMITIVES].map((value, i) => [`primitive ${i}`, () => value])),
  "a function": () => () => {},
  "an asynchronous function that rejects": () => () => Promise.reject(new Error("boom")),
  "a generator": () => (function* () {})(),
  "a promise": () => Promise.resolve([[1, 2]]),
  "an object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "a boxed text": () => Object("ab"),
  "an empty array": () => [],
  "a cyclic array": cyclic,
  "deeply nested arrays": () => JSON.parse(`${"[".repeat(1000)}1${"]".repeat(1000)}`),
  "a huge array of holes": () => new Array(HUGE),
  "a row and holes": () => Object.assign([[1, 2]], { length: 3e8 }),
  "a number and holes": () => Object.assign([1], { length: 3e8 }),
  "an endless list of numbers": () => endless(0),
  "an endless list of rows": () => endless([0, 0]),
  "a length": () => ({ length: 3e8 }),
  "a length that is negative": () => ({ length: -1 }),
  "a length that is a bigint": () => ({ length: 2n }),
  "a length that throws": () => ({
    get length() {
      return boom();
    },
  }),
  "an object that throws when converted to text": () => ({
    toString: boom,
    valueOf: boom,
    [Symbol.toPrimitive]: boom,
  }),
  "a proxy that throws": () => new Proxy({}, THROWING),
  "an array that throws": () => new Proxy([], THROWING),
  "a revoked object": () => revoked({}),
  "a revoked array": () => revoked([]),
  "an object that throws a revoked proxy": () => ({
    get length() {
      throw revoked({});
    },
  }),
  "a frozen array": () => Object.freeze([Object.freeze([1])]),
  "an Int32Array": () => new Int32Array(4),
  "a BigInt64Array": () => new BigInt64Array(4),
  "a detached Float64Array": detached,
  "a Float32Array that claims more": () => new Claiming(4),
  "a shared Float32Array": () => new Float32Array(new SharedArrayBuffer(16)),
  "an array of another realm": () => runInNewContext("[[1, 2], [3]]"),
  "a shape that is huge": () => ({ data: [1, 2], shape: new Array(HUGE) }),
  "a shape that throws": () => ({ data: [1, 2], shape: new Proxy([1, 2], THROWING) }),
  "data that throws": () => ({
    get data() {
      return boom();
    },
    shape: [1, 2],
  }),
  "data that claims more": () => ({ data: new Claiming(4), shape: [5e8, 2] }),
  "data of holes": () => ({ data: { length: 6e8 }, shape: [3e8, 2] }),
};
