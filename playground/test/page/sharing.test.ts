import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeExperiment, encodeExperiment } from "../../src/experiment/address.js";
import { withDataset } from "../../src/experiment/change.js";
import { DEFAULT_EXPERIMENT, type Experiment } from "../../src/experiment/experiment.js";
import { Client } from "../model/client.js";
import { ChromiumPages, chromiumPath } from "../support/chromiumPages.js";
import { findFirefox, openInFirefox } from "../support/firefox.js";

const firefoxPath = findFirefox();

/** Spirals, with what depends on random numbers: noise, dropout and the order of rows. */
const EXPERIMENT: Experiment = {
  ...withDataset(DEFAULT_EXPERIMENT, "spiral"),
  layers: [
    { kind: "dense", units: 16, activation: "gelu" },
    { kind: "dropout", rate: 0.1 },
    { kind: "layerNorm" },
    { kind: "dense", units: 8, activation: "tanh" },
  ],
  epochs: 40,
  seed: 7,
};
const FRAGMENT = `#${encodeExperiment(EXPERIMENT)}`;

async function hashInNode(): Promise<string> {
  const client = new Client();
  await client.open(decodeExperiment(FRAGMENT));
  return (await client.runTo(EXPERIMENT.epochs)).hash;
}

describe("one address", () => {
  describe.skipIf(!chromiumPath)("in Chromium", () => {
    let pages: ChromiumPages;

    beforeAll(async () => {
      pages = await ChromiumPages.start();
    });

    afterAll(() => pages?.close());

    it("trains to the same hash as in Node", async () => {
      const playground = await pages.open(FRAGMENT);
      await playground.waitForEpochs(EXPERIMENT.epochs);
      expect((await playground.paused()).hash).toBe(await hashInNode());
    });

    it.skipIf(!firefoxPath)("trains to the same hash in Firefox", { timeout: 120_000 }, async () => {
      const { userAgent, hash } = await openInFirefox(
        firefoxPath!,
        pages.server,
        FRAGMENT,
        EXPERIMENT.epochs,
      );
      expect(userAgent).toContain("Firefox/");
      expect(hash).toBe(await hashInNode());
    });

    it("is copied by the share button, and opens the same experiment after the same epochs", async () => {
      const playground = await pages.open("", { permissions: ["clipboard-read", "clipboard-write"] });
      await playground.chooseDataset("circles");
      await playground.button("run").click();
      await playground.waitForEpochs(10);
      await playground.button("pause").click();
      const shared = await playground.paused();
      await playground.button("share").click();
      await playground.page.getByText("The address is copied").waitFor();
      const address = await playground.page.evaluate(() => navigator.clipboard.readText());
      expect(decodeExperiment(new URL(address).hash)).toMatchObject({
        data: { dataset: "circles" },
        epochs: shared.epochs,
      });

      const reopened = await pages.open(new URL(address).hash);
      await reopened.waitForEpochs(shared.epochs);
      expect(await reopened.paused()).toEqual(shared);
    });

    it("that is not whole gives a sentence, and the page opens its first experiment", async () => {
      const playground = await pages.open(FRAGMENT.slice(0, -5));
      expect(await playground.error()).toContain("The address is not whole");
      await playground.button("epoch").click();
      await playground.waitForEpochs(1);
    });
  });
});
