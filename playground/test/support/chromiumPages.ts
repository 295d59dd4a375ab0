// A browser and a server for the tests of one file.

import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core";
import { findChromium, launchChromium } from "../../../test/support/chromium.js";
import { PlaygroundPage } from "./playgroundPage.js";
import { SiteServer } from "./siteServer.js";

/** The path of Chromium; undefined if none is installed: its tests are skipped. */
export const chromiumPath = findChromium();

export class ChromiumPages {
  private constructor(
    readonly server: SiteServer,
    readonly browser: Browser,
  ) {}

  static async start(): Promise<ChromiumPages> {
    return new ChromiumPages(await SiteServer.start(), await launchChromium(chromiumPath!));
  }

  /** A page that shows a network, in a context of its own: without what others have stored. */
  async open(fragment = "", options: BrowserContextOptions = {}): Promise<PlaygroundPage> {
    const playground = await this.openIn(await this.browser.newContext(options), fragment);
    await playground.waitForHash();
    return playground;
  }

  /** A page that may show no network yet. */
  openIn(context: BrowserContext, fragment = ""): Promise<PlaygroundPage> {
    return PlaygroundPage.open(context, this.server.url + fragment);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}
