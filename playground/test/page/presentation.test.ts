import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeExperiment } from "../../src/experiment/address.js";
import { withDataset } from "../../src/experiment/change.js";
import { DEFAULT_EXPERIMENT, type Experiment } from "../../src/experiment/experiment.js";
import { ChromiumPages, chromiumPath } from "../support/chromiumPages.js";
import { PHONE, type PlaygroundPage } from "../support/playgroundPage.js";

/** What the screenshots show. */
const PHOTOGRAPHED: Experiment = {
  ...withDataset(DEFAULT_EXPERIMENT, "spiral"),
  layers: [8, 8, 8].map((units) => ({ kind: "dense", units, activation: "tanh" })),
  epochs: 600,
};
/** Where they are kept; `RECORD=write` takes new ones. */
const FOLDER = fileURLToPath(new URL("../../screenshots/", import.meta.url));
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SCHEMES = ["light", "dark"] as const;

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

interface Axe {
  readonly axe: { run(): Promise<{ readonly violations: readonly AxeViolation[] }> };
}

/** What axe finds, one line for each element. */
async function violations({ page }: PlaygroundPage): Promise<string[]> {
  await page.evaluate(await readFile(AXE, "utf8"));
  const found = await page.evaluate(async () => (await (globalThis as unknown as Axe).axe.run()).violations);
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 100)} ${failureSummary}`),
  );
}

/** Everything that can be open is. */
async function openAll({ page }: PlaygroundPage): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}

describe.skipIf(!chromiumPath)("the page", () => {
  let pages: ChromiumPages;

  beforeAll(async () => {
    pages = await ChromiumPages.start();
  });

  afterAll(() => pages?.close());

  describe.each(SCHEMES)("in %s colours", (colorScheme) => {
    it("has no violations that axe finds: with points, a table, a notebook, an error", async () => {
      const playground = await pages.open("", { colorScheme });
      await playground.trainEpochs(2);
      await openAll(playground);
      expect(await violations(playground)).toEqual([]);

      await playground.chooseDataset("digits");
      await playground.page.getByRole("table", { name: /Rows of validation/ }).waitFor();
      await playground.page.getByLabel("Layer 1: units").fill("5000");
      await playground.page.getByLabel("Layer 1: units").press("Enter");
      await playground.error();
      expect(await violations(playground)).toEqual([]);

      await playground.page.locator('[data-testid^="notebook-"]').first().click();
      await playground.button("figures").waitFor();
      await playground.button("export-program").click();
      await playground.button("program").waitFor();
      expect(await violations(playground)).toEqual([]);
      expect(playground.errors).toEqual([]);
    });

    it("has the colours that the button chooses, also after it is opened again", async () => {
      const other = colorScheme === "dark" ? "light" : "dark";
      const playground = await pages.open("", { colorScheme });
      const background = () =>
        playground.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const before = await background();
      await playground.page.getByLabel(`Use ${other} colours`).click();
      expect(await background()).not.toBe(before);
      const chosen = await background();
      await playground.page.reload();
      await playground.waitForHash();
      expect(await background()).toBe(chosen);
    });
  });

  it("is not wider than a phone", async () => {
    const playground = await pages.open("", PHONE);
    await openAll(playground);
    for (const dataset of ["xor", "digits", "table"]) {
      await playground.chooseDataset(dataset);
      await playground.page.waitForTimeout(300);
      const needed = await playground.page.evaluate(() => document.documentElement.scrollWidth);
      expect(needed, dataset).toBe(PHONE.viewport?.width);
    }
  });

  it("draws points with the pointer and with the keyboard, and trains on them", async () => {
    const playground = await pages.open();
    const { page } = playground;
    await playground.chooseDataset("drawn");
    const plane = page.getByRole("img", { name: /The plane of the inputs/ });
    await plane.click({ position: { x: 60, y: 60 } });
    await page.getByRole("button", { name: "Class 1" }).click();
    await page.getByRole("img", { name: /Draw with the pointer/ }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByText("2 points drawn").waitFor();
    await playground.button("epoch").click();
    await playground.waitForEpochs(1);
  });

  it("runs by the keyboard alone", async () => {
    const playground = await pages.open();
    await playground.button("run").focus();
    await playground.page.keyboard.press("Enter");
    await playground.waitForEpochs(2);
    // The same button now pauses.
    await playground.page.keyboard.press("Enter");
    await playground.paused();
  });

  it.each(SCHEMES)("is photographed for the documentation in %s colours", async (colorScheme) => {
    const address = `#${encodeExperiment(PHOTOGRAPHED)}`;
    const playground = await pages.open(address, { colorScheme, viewport: { width: 1280, height: 720 } });
    await playground.waitForEpochs(PHOTOGRAPHED.epochs);
    expect((await playground.paused()).loss).toBeLessThan(0.1);
    const picture = await playground.page.screenshot();
    expect(picture.length).toBeGreaterThan(50_000);
    expect(picture.length).toBeLessThan(500_000);
    const { RECORD } = process.env;
    if (RECORD === "write") await writeFile(`${FOLDER}${colorScheme}.png`, picture);
  });
});
