import { describe, expect, it, onTestFinished } from "vitest";
import { BackpropError, createNetwork, dense, type Network, type Progress } from "../src/index.js";
import { bitsOf } from "./support/floats.js";
import { parametersOf } from "./support/oracle.js";

const INPUTS = [
  [0, 1],
  [1, 0],
];
const TARGETS = [[1], [0]];

function create(): Promise<Network> {
  return createNetwork({ inputs: 2, layers: [dense(2, "tanh"), dense(1)], loss: "meanSquaredError" });
}

/** Collects unhandled rejections until the test ends. They would end a process. */
function collectUnhandled(): unknown[] {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listener);
  onTestFinished(() => void process.off("unhandledRejection", listener));
  return unhandled;
}

const aTask = () => new Promise((resolve) => setTimeout(resolve));

describe("a fit whose onProgress returns a promise", () => {
  it("rejects if the promise rejects, and keeps the trained parameters", async () => {
    const unhandled = collectUnhandled();
    const network = await create();
    const before = bitsOf(parametersOf(network));
    const reason = new Error("from within");
    const fit = network.fit(INPUTS, TARGETS, { epochs: 3, onProgress: () => Promise.reject(reason) });
    await expect(fit).rejects.toBe(reason);
    await aTask();
    expect(unhandled).toEqual([]);
    expect(network.epoch).toBeGreaterThan(0);
    expect(bitsOf(parametersOf(network))).not.toBe(before);
    // The network is no longer busy.
    expect((await network.fit(INPUTS, TARGETS, { epochs: 3 })).loss.length).toBe(3);
    network.dispose();
  });

  it("waits for the promise before it continues, and gives the same bits", async () => {
    const [waiting, plain] = await Promise.all([create(), create()]);
    const events: string[] = [];
    const onProgress = async ({ epoch }: Progress) => {
      events.push(`begin ${epoch}`);
      await aTask();
      expect(waiting.epoch).toBe(epoch);
      events.push(`end ${epoch}`);
    };
    const options = { epochs: 3000, batchSize: 1 };
    await waiting.fit(INPUTS, TARGETS, { ...options, onProgress });
    events.push("fitted");
    plain.fitSync(INPUTS, TARGETS, options);
    const calls = (events.length - 1) / 2;
    expect(events.filter((_, i) => i % 2 === 0).every((event) => !event.startsWith("end"))).toBe(true);
    expect(events.slice(-2)).toEqual(["end 3000", "fitted"]);
    expect(Number.isInteger(calls)).toBe(true);
    expect(bitsOf(parametersOf(waiting))).toBe(bitsOf(parametersOf(plain)));
  });

  it("rejects if the network is disposed while it waits", async () => {
    const network = await create();
    const onProgress = async () => {
      await aTask();
      network.dispose();
    };
    const fit = network.fit(INPUTS, TARGETS, { epochs: 10_000_000, onProgress });
    await expect(fit).rejects.toMatchObject({ code: "disposed" });
  });

  it("rejects if its signal is aborted while it waits", async () => {
    const network = await create();
    const controller = new AbortController();
    const onProgress = async () => {
      await aTask();
      controller.abort("enough");
    };
    const fit = network.fit(INPUTS, TARGETS, { epochs: 10_000_000, onProgress, signal: controller.signal });
    await expect(fit).rejects.toMatchObject({ code: "aborted", cause: "enough" });
  });
});

describe("fitSync", () => {
  it("refuses a promise, keeps the trained parameters, and handles the promise's rejection", async () => {
    const unhandled = collectUnhandled();
    const network = await create();
    for (const onProgress of [
      async () => {},
      () => Promise.reject(new Error("from within")),
      // biome-ignore lint/suspicious/noThenProperty: a promise of another library.
      () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject("no") }),
    ]) {
      let error: unknown;
      try {
        network.fitSync(INPUTS, TARGETS, { onProgress });
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(BackpropError);
      expect(error).toMatchObject({
        code: "invalidOption",
        message:
          "onProgress returned a promise, for which fitSync cannot wait. Use fit, or a function that returns nothing.",
        epoch: 1,
        history: { loss: [expect.any(Number)] },
      });
    }
    await aTask();
    expect(unhandled).toEqual([]);
    expect(network.epoch).toBe(3);
    network.dispose();
  });

  it("throws what onProgress throws", async () => {
    const network = await create();
    const reason = new Error("from within");
    const onProgress = () => {
      throw reason;
    };
    expect(() => network.fitSync(INPUTS, TARGETS, { onProgress })).toThrow(reason);
    await expect(network.fit(INPUTS, TARGETS, { onProgress })).rejects.toBe(reason);
    network.dispose();
  });
});
