import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChromiumPages, chromiumPath } from "../support/chromiumPages.js";

describe.skipIf(!chromiumPath)("training on the page", () => {
  let pages: ChromiumPages;

  beforeAll(async () => {
    pages = await ChromiumPages.start();
  });

  afterAll(() => pages?.close());

  it("trains XOR to a loss below 0.01", async () => {
    const playground = await pages.open();
    await playground.button("run").click();
    await playground.page.waitForFunction(
      () => Number(document.querySelector('[data-testid="loss"]')?.textContent) < 0.01,
    );
    await playground.button("pause").click();
    const { loss } = await playground.paused();
    expect(loss).toBeGreaterThan(0);
    expect(loss).toBeLessThan(0.01);
    expect(playground.errors).toEqual([]);
  });

  it("stays at its epoch while paused, and goes on from there to the hash of a run without a pause", async () => {
    const playground = await pages.open();
    await playground.button("run").click();
    await playground.waitForEpochs(5);
    await playground.button("pause").click();
    const paused = await playground.paused();
    await playground.page.waitForTimeout(300);
    expect(await playground.paused()).toEqual(paused);

    await playground.button("run").click();
    await playground.waitForEpochs(paused.epochs + 20);
    await playground.button("pause").click();
    const resumed = await playground.paused();
    expect(resumed.epochs).toBeGreaterThan(paused.epochs);

    // The address trains in one run what was trained in two.
    await playground.button("share").click();
    const again = await pages.open(new URL(playground.page.url()).hash);
    await again.waitForEpochs(resumed.epochs);
    expect(await again.paused()).toEqual(resumed);
  });

  it("takes one step, one epoch, and goes back to the start", async () => {
    const playground = await pages.open();
    const start = await playground.paused();
    expect(start.epochs).toBe(0);
    await playground.button("step").click();
    await playground.page.getByText("after 0 epochs and 1 steps").waitFor();
    expect(await playground.text("hash")).not.toBe(start.hash);
    // Finishes the epoch that has begun.
    await playground.button("epoch").click();
    await playground.waitForEpochs(1);
    const first = await playground.paused();
    await playground.button("epoch").click();
    await playground.waitForEpochs(2);
    expect((await playground.paused()).hash).not.toBe(first.hash);
    await playground.button("reset").click();
    await playground.page.getByText("after 0 epochs", { exact: true }).waitFor();
    expect((await playground.paused()).hash).toBe(start.hash);
  });

  it("shows the steps and the frames of a second while it runs", async () => {
    const playground = await pages.open();
    await playground.setSpeed("fastest");
    await playground.button("run").click();
    const shown = (id: string) =>
      playground.page.waitForFunction(
        (name) =>
          Number(document.querySelector(`[data-testid="${name}"]`)?.textContent?.replaceAll(",", "")) > 0,
        id,
      );
    await shown("steps-per-second");
    await shown("frames-per-second");
    await playground.button("pause").click();
    await playground.paused();
    expect(await playground.text("steps-per-second")).toBe("–");
  });

  it("opens a network with the changed layers, and keeps running when it was running", async () => {
    const playground = await pages.open();
    await playground.button("run").click();
    await playground.waitForEpochs(1);
    await playground.button("add-dense").click();
    // Three layers of 8 units: 2·8 + 8 + 2 (8·8 + 8) + 8 + 1.
    await playground.page.getByText("177 parameters", { exact: true }).waitFor();
    await playground.waitForEpochs(1);
    await playground.page.getByLabel("Remove layer 3").click();
    await playground.page.getByText("105 parameters", { exact: true }).waitFor();
    await playground.button("pause").click();
  });

  it("shows the activation of a unit that the keyboard reaches", async () => {
    const playground = await pages.open();
    await playground.page.getByLabel("Unit 1 of layer 1, tanh").focus();
    await playground.page.getByRole("heading", { name: "Unit 1 of layer 1" }).waitFor();
    await playground.page.keyboard.press("ArrowRight");
    await playground.page.keyboard.press("ArrowDown");
    await playground.page.getByRole("heading", { name: "Unit 2 of layer 2" }).waitFor();
  });

  it("computes a notebook's printed figures", async () => {
    const playground = await pages.open();
    await playground.page.locator('[data-testid^="notebook-"]').first().click();
    const figures = playground.button("figures");
    await playground.page.waitForFunction(() => {
      const cells = document.querySelectorAll('[data-testid="figures"] td:last-child:not(thead td)');
      return cells.length > 0 && [...cells].every((cell) => cell.classList.contains("same"));
    });
    expect(await figures.locator("td.same").count()).toBeGreaterThan(4);
  });
});
