import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChromiumPages, chromiumPath } from "../support/chromiumPages.js";

/** What was measured last with `RECORD=write`. No test compares with it: it depends on the machine. */
const RECORD = fileURLToPath(new URL("../../screenshots/figures.json", import.meta.url));

const SECONDS = 4;

describe.skipIf(!chromiumPath)("the speed of the page", () => {
  let pages: ChromiumPages;

  beforeAll(async () => {
    pages = await ChromiumPages.start();
  });

  afterAll(() => pages?.close());

  it("is shown while a network of 2-8-8-1 trains: steps and frames of a second", async () => {
    const playground = await pages.open();
    await playground.setSpeed("fastest");
    await playground.button("run").click();
    await playground.page.waitForTimeout(SECONDS * 1000);
    const figure = async (id: string) => Number((await playground.text(id)).replaceAll(",", ""));
    const figures = {
      network: "2-8-8-1, batches of 32",
      stepsPerSecond: await figure("steps-per-second"),
      framesPerSecond: await figure("frames-per-second"),
      machine: `${availableParallelism()} processors, ${loadavg()[0]!.toFixed(1)} busy, no GPU`,
      browser: `Chromium ${pages.browser.version()}`,
    };
    await playground.button("pause").click();
    console.log(JSON.stringify(figures));
    expect(figures.stepsPerSecond).toBeGreaterThan(0);
    expect(figures.framesPerSecond).toBeGreaterThan(0);
    const { RECORD: mode } = process.env;
    if (mode === "write") await writeFile(RECORD, `${JSON.stringify(figures, undefined, 2)}\n`);
  });
});
