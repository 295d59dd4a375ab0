import { fileURLToPath } from "node:url";
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Application, evaluateInNode, installApplication } from "../support/application.js";
import { findChromium, launchChromium } from "../support/chromium.js";
import { ISOLATION, serveBuilt, serveDevelopment, serveFiles, type WebServer } from "../support/webServer.js";

const SITE = fileURLToPath(new URL("site", import.meta.url));

const WAYS = [
  { way: "without a bundler", serve: serveFiles, path: "plain.html", isBundled: false },
  { way: "built by Vite", serve: serveBuilt, path: "", isBundled: true },
  { way: "from Vite's development server", serve: serveDevelopment, path: "", isBundled: true },
];

const executablePath = findChromium();

describe.skipIf(!executablePath)("in Chromium", () => {
  let browser: Browser;
  let application: Application;
  let bitsInNode: Bits;
  let bitsOfTwoInNode: Bits;
  let bitsOfTableInNode: Bits;
  let hashesInNode: Bits;

  beforeAll(async () => {
    application = await installApplication(SITE);
    browser = await launchChromium(executablePath!);
    bitsInNode = await evaluateInNode(application, '(await import("./train.js")).trainAll("fit")');
    bitsOfTableInNode = await evaluateInNode(application, '(await import("./table.js")).trainOnFile()');
    hashesInNode = await evaluateInNode(application, '(await import("./datasets.js")).hashTrained()');
    bitsOfTwoInNode = await evaluateInNode(application, '(await import("./train.js")).trainTogether(2)');
  });

  afterAll(async () => {
    await browser?.close();
    await application?.remove();
  });

  describe.each(WAYS)("$way", ({ serve, path, isBundled }) => {
    let server: WebServer;
    let page: Page;

    beforeAll(async () => {
      server = await serve(application.directory);
      page = await browser.newPage();
      await page.goto(new URL(path, server.url).href);
    });

    afterAll(async () => {
      await page?.close();
      await server?.close();
    });

    // Must be the first test, because a page loads the core only once.
    it("explains why core.wasm cannot be loaded, and retries on the next call", async () => {
      const answers: [Parameters<Route["fulfill"]>[0], RegExp][] = [
        [{ status: 404 }, /http.+core.*\.wasm answered 404/],
        [
          { contentType: "text/html", body: "<!doctype html>" },
          /http.+core.*\.wasm answered with an HTML page/,
        ],
      ];
      for (const [answer, reason] of answers) {
        await page.route("**/*.wasm", (route) => route.fulfill(answer));
        const error = await call(page, "createAnyNetwork");
        expect(error).toMatchObject({ name: "BackpropError", code: "coreUnavailable" });
        expect(error).toHaveProperty("message", expect.stringMatching(reason));
        expect(error).toHaveProperty(
          "message",
          expect.stringContaining("Copy build/core.wasm of the library"),
        );
      }
      await page.unroute("**/*.wasm");
      expect(await call(page, "createAnyNetwork")).toBe("created");
    });

    it("trains to the same bits as Node", async () => {
      expectSameBits(await call<Bits>(page, "trainAll", "fit"), bitsInNode);
    });

    it("trains on each generated data set to the hash of the parameters in Node", async () => {
      const hashes = await call<Bits>(page, "hashTrained");
      expect(Object.keys(hashes)).toHaveLength(7);
      expect(hashes).toEqual(hashesInNode);
    });

    it("trains on a CSV file to the same bits as Node", async () => {
      expectSameBits(await call<Bits>(page, "trainOnFile"), bitsOfTableInNode);
    });

    if (isBundled) {
      it("trains to the same bits in a worker by fitSync", async () => {
        expectSameBits(await call<Bits>(page, "trainInWorker"), bitsInNode);
      });
    } else {
      it("learns XOR in a worker that imports the package by its address", async () => {
        const predictions = await call<number[]>(page, "learnXorInPlainWorker");
        expect(predictions.map(Math.round)).toEqual([0, 1, 1, 0]);
      });
    }

    it("learns XOR", async () => {
      const predictions = await call<number[]>(page, "learnXor");
      expect(predictions.map(Math.round)).toEqual([0, 1, 1, 0]);
    });

    describe("with networkInWorker", () => {
      it("trains to the same bits as Node", async () => {
        expectSameBits(await call<Bits>(page, "trainAllByHelper"), bitsInNode);
      });

      it("stays responsive during a fit, aborts it by a timer, and keeps what was trained", async ({
        annotate,
      }) => {
        const fit = await call<FitByHelper>(page, "fitByHelperWhileWatching");
        await annotate(`The longest time between two turns was ${fit.longestGap.toFixed(1)} ms.`);
        expect(fit).toMatchObject({ isBackpropError: true, code: "aborted", cause: "enough", isKept: true });
        expect(Math.min(...Object.values(fit.turns))).toBeGreaterThanOrEqual(10);
        expect(fit.finished).toBeGreaterThan(0);
        expect(fit.epochs).toEqual(Array.from({ length: fit.finished }, (_, i) => i + 1));
      });

      it("ends the worker by dispose(), and rejects a fit in progress and later calls", async () => {
        const error = { isBackpropError: true, code: "disposed", message: expect.any(String) };
        const started = page.waitForEvent("worker");
        expect(await call(page, "disposeByHelper")).toEqual([error, error]);
        const worker = await started;
        await expect.poll(() => page.workers().includes(worker)).toBe(false);
      });

      it("throws an error if the worker's script cannot be loaded", async () => {
        const script = /\/trainer[^/]*$/;
        await page.route(script, (route) => route.fulfill({ status: 404 }));
        expect(await call(page, "createByHelper")).toEqual(TRAINER_NOT_LOADED);
        await page.unroute(script);
        expect(await call(page, "createByHelper")).toBe("created");
      });
    });

    it("names the headers that threads need", async () => {
      expect(await call(page, "trainWithTwoThreads")).toEqual({
        name: "BackpropError",
        code: "unsupported",
        message: expect.stringMatching(
          /Cross-Origin-Opener-Policy: same-origin.+Cross-Origin-Embedder-Policy: require-corp/,
        ),
      });
    });

    describe("served with these headers", () => {
      let isolated: WebServer;
      let page: Page;

      beforeAll(async () => {
        isolated = await serve(application.directory, ISOLATION);
        page = await browser.newPage();
        await page.goto(new URL(path, isolated.url).href);
      });

      afterAll(async () => {
        await page?.close();
        await isolated?.close();
      });

      it("trains with two threads to the same bits as Node", async () => {
        const { bits, threads } = await call<{ bits: Bits; threads: number }>(page, "trainWithTwoThreads");
        expect(threads).toBe(2);
        expectSameBits(bits, bitsOfTwoInNode);
      });

      it("trains with two threads within the worker of networkInWorker to the same bits as Node", async () => {
        expectSameBits(await call<Bits>(page, "trainTogetherByHelper"), bitsOfTwoInNode);
      });

      it("throws an error if a worker's script cannot be loaded", async () => {
        const script = /\/worker[^/]*$/;
        await page.route(script, (route) => route.fulfill({ status: 404 }));
        expect(await call(page, "fitUntilWorkerFails")).toEqual({
          name: "BackpropError",
          code: "coreUnavailable",
          message: expect.stringMatching(
            /^A worker of the network has failed: its script, dist\/worker\.js, could not be loaded\..+worker-src/,
          ),
        });
        await page.unroute(script);
      });
    });

    /** Calls the page's function `name` under a policy. Returns its result. */
    async function answerUnder(policy: string, name: string): Promise<unknown> {
      const guarded = await serve(application.directory, {
        ...ISOLATION,
        "Content-Security-Policy": policy,
      });
      const page = await browser.newPage();
      try {
        await page.goto(new URL(path, guarded.url).href);
        return await call(page, name);
      } finally {
        await page.close();
        await guarded.close();
      }
    }

    describe("with a Content-Security-Policy", () => {
      it("names 'wasm-unsafe-eval' if the policy forbids WebAssembly", async () => {
        expect(await answerUnder("script-src 'self' 'unsafe-inline'", "createAnyNetwork")).toEqual({
          name: "BackpropError",
          code: "coreUnavailable",
          message: expect.stringMatching(
            /Add 'wasm-unsafe-eval' to script-src in the page's Content-Security-Policy\.$/,
          ),
        });
      });

      it("names worker-src if the policy forbids the worker", async () => {
        const policy = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'none'";
        expect(await answerUnder(policy, "fitUntilWorkerFails")).toEqual({
          name: "BackpropError",
          code: "coreUnavailable",
          message: expect.stringContaining(
            "If the page has a Content-Security-Policy, its worker-src must allow",
          ),
        });
      });
    });

    describe("with networkInWorker and a Content-Security-Policy", () => {
      it("names worker-src if the policy forbids the worker", async () => {
        const policy = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'none'";
        expect(await answerUnder(policy, "createByHelper")).toEqual(TRAINER_NOT_LOADED);
      });

      it("names 'wasm-unsafe-eval' if the policy forbids WebAssembly in the worker", async () => {
        expect(await answerUnder("script-src 'self' 'unsafe-inline'", "createByHelper")).toMatchObject({
          isBackpropError: true,
          code: "coreUnavailable",
          message: expect.stringContaining("Add 'wasm-unsafe-eval' to script-src"),
        });
      });
    });

    it("lets the event loop run during a fit, which a timer can abort", async ({ annotate }) => {
      const { code, longestGap, turns } = await call<Fit>(page, "fitWhileWatching");
      await annotate(`The longest time between two turns was ${longestGap.toFixed(1)} ms.`);
      expect(code).toBe("aborted");
      expect(Math.min(...Object.values(turns))).toBeGreaterThanOrEqual(10);
    });
  });
});

/** Names of results, and their bits as hexadecimal digits. */
type Bits = Readonly<Record<string, string>>;

interface Fit {
  readonly code: string;
  readonly longestGap: number;
  readonly turns: Record<string, number>;
}

interface FitByHelper extends Fit {
  readonly epochs: readonly number[];
  readonly finished: number;
}

/** The error of networkInWorker if the script of its worker cannot be loaded. */
const TRAINER_NOT_LOADED = {
  isBackpropError: true,
  code: "coreUnavailable",
  message: expect.stringMatching(
    /^The worker of the network has failed: its script, dist\/trainer\.js,.+could not be loaded\..+worker-src/,
  ),
};

/** Calls a function of site/main.js in the page. */
function call<T>(page: Page, name: string, ...values: unknown[]): Promise<T> {
  return page.evaluate(([name, values]) => Reflect.get(globalThis, "site")[name](...values), [
    name,
    values,
  ] as const);
}

/** Fails with only the names of differing results, because the bits would be too long to read. */
function expectSameBits(actual: Bits, expected: Bits): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  expect(Object.keys(actual).filter((name) => actual[name] !== expected[name])).toEqual([]);
}
