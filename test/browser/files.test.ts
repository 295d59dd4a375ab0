// Files of networks in a browser: its origin private file system, downloads, and files that go to Node and back.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { loadNetwork, numpyRandom } from "../../src/index.js";
import { type Application, evaluateInNode, installApplication } from "../support/application.js";
import { findChromium, launchChromium } from "../support/chromium.js";
import { ISOLATION, serveBuilt, serveFiles, type WebServer } from "../support/webServer.js";

const SITE = fileURLToPath(new URL("site", import.meta.url));
const EPOCHS = 10;
const RELOADS = 8;

const executablePath = findChromium();

describe.skipIf(!executablePath)("in Chromium", () => {
  let browser: Browser;
  let application: Application;
  let server: WebServer;
  let page: Page;
  /** The state of the network that was never interrupted, in Node. */
  let uninterrupted: string;
  /** Its file after 4 epochs, as text. */
  let fileOfNode: string;

  beforeAll(async () => {
    application = await installApplication(SITE);
    server = await serveFiles(application.directory, ISOLATION);
    browser = await launchChromium(executablePath!);
    uninterrupted = await inNode(
      "const network = await create(); await train(network); return stateOf(network);",
    );
    fileOfNode = await inNode(
      "const network = await create(); await trainUntil(network, 4); return textOf(network.save());",
    );
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await application?.remove();
  });

  /** Every page has a file system of its own. */
  beforeEach(async () => {
    page = await openPage(new URL("plain.html", server.url).href);
  });

  async function openPage(url: string): Promise<Page> {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(url);
    return page;
  }

  /** Runs the body of a function with the names of site/resume.js in Node. */
  function inNode<T>(body: string): Promise<T> {
    const names = "{ create, train, trainUntil, stateOf, textOf, bytesOf }";
    return evaluateInNode(application, `(async (${names}) => { ${body} })(await import("./resume.js"))`);
  }

  it("loads a saved network after the page was reloaded, and resumes it with the bits of Node", async () => {
    expect(await call(page, "saveNetwork")).toEqual(["a network.safetensors"]);
    await page.reload();
    expect(await call(page, "loadAndResume")).toBe(uninterrupted);
  });

  it("saves and loads in a worker, in a program built by Vite", async () => {
    const built = await serveBuilt(application.directory, ISOLATION);
    onTestFinished(() => built.close());
    const page = await openPage(built.url);
    await call(page, "callFilesInWorker", "saveNetwork");
    await page.reload();
    expect(await call(page, "callFilesInWorker", "loadAndResume")).toBe(uninterrupted);
    expect(await call(page, "callFilesInWorker", "errorOfDownload")).toBe("unsupported");
  });

  it.each([1, 3])("goes on with a file of Node, and Node with its file, with %i threads", async (threads) => {
    const file = await call<string>(page, "resumeFile", fileOfNode, threads);
    const { stdout } = {
      stdout: Uint8Array.from(file.match(/../g)!, (digits) => Number.parseInt(digits, 16)),
    };
    const network = await loadNetwork(stdout);
    const { parameters, buffers, epoch, history } = network;
    const state = { parameters, buffers, epoch, history: { ...history, milliseconds: 0, stopped: 0 } };
    expect(JSON.stringify(state)).toBe(uninterrupted);
    expect(epoch).toBe(EPOCHS);
  });

  it("keeps the newest checkpoints, and passes over those that are damaged", async () => {
    expect(await call(page, "trainWithCheckpoints")).toBe(uninterrupted);
    expect(await call(page, "epochsInOpfs")).toEqual({
      checkpoint: 10,
      "checkpoint.1": 9,
      "checkpoint.2": 8,
    });
    expect(await call(page, "loadAmongDamaged")).toBe(8);
  });

  it("resumes from the newest checkpoint when the page was reloaded at any moment", async ({ annotate }) => {
    let interruptions = 0;
    const random = numpyRandom(3);
    const { href } = new URL("plain.html", server.url);
    for (let reload = 0; reload < RELOADS; reload++) {
      const interrupted = call(page, "trainWithCheckpoints").catch(() => "interrupted");
      await page.waitForTimeout(Math.floor(random.rand(1)[0]! * 120));
      await page.goto(href);
      interruptions += Number((await interrupted) === "interrupted");
    }
    await annotate(`${interruptions} fits were interrupted.`);
    expect(await call(page, "trainWithCheckpoints")).toBe(uninterrupted);
  });

  it("rejects with a typed error", async () => {
    await call(page, "trainWithCheckpoints");
    expect(await call(page, "errorsOfFiles")).toEqual({
      missing: "fileNotFound",
      noCheckpoint: "fileNotFound",
      slash: "invalidOption",
      options: "invalidOption",
      notSavable: "invalidOption",
      folder: "fileUnavailable",
      notSecure: "unsupported",
      noCreateWritable: "unsupported",
      fullDisk: "fileUnavailable",
    });
    // A file that could not be written is unchanged, or does not exist.
    expect(await call(page, "epochsInOpfs")).toEqual({
      checkpoint: 10,
      "checkpoint.1": 9,
      "checkpoint.2": 8,
    });
  });

  it("downloads a network that loadNetwork reads, and frees its bytes later", async () => {
    await page.clock.install();
    const downloading = page.waitForEvent("download");
    const address = await call<string>(page, "download");
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("a network.safetensors");
    const network = await loadNetwork(await readFile(await download.path()));
    expect(network.epoch).toBe(0);
    expect(await call(page, "canRead", address)).toBe(true);
    await page.clock.fastForward(60_000);
    expect(await call(page, "canRead", address)).toBe(false);
  });
});

/** Calls a function of site/main.js in the page. */
function call<T>(page: Page, name: string, ...values: unknown[]): Promise<T> {
  return page.evaluate(([name, values]) => Reflect.get(globalThis, "site")[name](...values), [
    name,
    values,
  ] as const);
}
