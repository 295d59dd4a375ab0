import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChromiumPages, chromiumPath } from "../support/chromiumPages.js";

/** The most bytes that may be sent before the first network is shown, as gzip sends them: 150 KB. */
const MAX_FIRST_LOAD = 150_000;

describe.skipIf(!chromiumPath)("loading the page", () => {
  let pages: ChromiumPages;

  beforeAll(async () => {
    pages = await ChromiumPages.start();
  });

  afterAll(() => pages?.close());

  it(`takes less than ${MAX_FIRST_LOAD} bytes until it trains`, async () => {
    pages.server.requested.clear();
    const playground = await pages.open();
    await playground.trainEpochs(1);
    await playground.page.evaluate(() => navigator.serviceWorker.ready);
    const sizes = Object.fromEntries(pages.server.requested);
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    expect([...pages.server.requested.keys()].join(" ")).toContain(".wasm");
    expect(total, JSON.stringify(sizes)).toBeLessThan(MAX_FIRST_LOAD);
  });

  it("loads tables, formats and digits when they are used", async () => {
    pages.server.requested.clear();
    const playground = await pages.open();
    await playground.page.evaluate(() => navigator.serviceWorker.ready);
    const loaded = () => [...pages.server.requested.keys()].join(" ");
    expect(loaded()).not.toMatch(/digits|table|formats/);
    await playground.chooseDataset("digits");
    await playground.page.getByRole("table", { name: /Rows of validation/ }).waitFor();
    expect(loaded()).toMatch(/digits/);
    expect(loaded()).toMatch(/table/);
  });

  it("works offline once it was loaded, and says what it cannot load", async () => {
    const playground = await pages.open();
    await playground.page.evaluate(() => navigator.serviceWorker.ready);
    await playground.page.context().setOffline(true);
    await playground.page.reload();
    await playground.waitForHash();
    await playground.button("epoch").click();
    await playground.waitForEpochs(1);
    await playground.chooseDataset("digits");
    expect(await playground.error()).toContain("The digits could not be loaded");
  });

  it("is cross-origin isolated on any host once its service worker runs, so that threads can be chosen", async () => {
    const playground = await pages.open();
    expect(await playground.page.evaluate(() => crossOriginIsolated)).toBe(false);
    await playground.page.evaluate(() => navigator.serviceWorker.ready);
    await playground.page.reload();
    await playground.waitForHash();
    expect(await playground.page.evaluate(() => crossOriginIsolated)).toBe(true);
    const alone = await playground.paused();
    await playground.page.getByText("Numbers and threads").click();
    await playground.page.getByLabel("Threads").fill("2");
    await playground.page.getByLabel("Threads").press("Enter");
    await playground.page.waitForTimeout(500);
    await playground.button("epoch").click();
    await playground.waitForEpochs(1);
    const together = await playground.paused();
    await playground.page.getByLabel("Threads").fill("1");
    await playground.page.getByLabel("Threads").press("Enter");
    await playground.page.getByText("after 0 epochs", { exact: true }).waitFor();
    expect((await playground.paused()).hash).toBe(alone.hash);
    await playground.button("epoch").click();
    await playground.waitForEpochs(1);
    expect((await playground.paused()).hash).toBe(together.hash);
  });

  it("asks no other host for anything", async () => {
    const context = await pages.browser.newContext();
    const hosts = new Set<string>();
    context.on("request", (request) => hosts.add(new URL(request.url()).origin));
    const playground = await pages.openIn(context);
    await playground.trainEpochs(2);
    await playground.button("share").click();
    expect([...hosts].filter((host) => host !== "null")).toEqual([new URL(pages.server.url).origin]);
  });
});
