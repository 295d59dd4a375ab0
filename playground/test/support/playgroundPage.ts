// The page as its users have it: by its test ids, roles and labels.

import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";

export class PlaygroundPage {
  /** Errors that scripts of the page have thrown. */
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {
    page.on("pageerror", ({ message }) => this.errors.push(message));
  }

  /** Opens an address, without waiting for a network. */
  static async open(context: BrowserContext, address: string): Promise<PlaygroundPage> {
    const playground = new PlaygroundPage(await context.newPage());
    await playground.page.goto(address);
    return playground;
  }

  button(id: string) {
    return this.page.getByTestId(id);
  }

  /** The text of a figure. */
  async text(id: string): Promise<string> {
    return (await this.page.getByTestId(id).textContent()) ?? "";
  }

  async epochs(): Promise<number> {
    return Number(await this.text("epochs"));
  }

  async chooseDataset(name: string): Promise<void> {
    await this.button("dataset").locator(`input[value="${name}"]`).click();
  }

  /** Sets the speed to the slowest or the fastest. */
  async setSpeed(speed: "slowest" | "fastest"): Promise<void> {
    await this.page.getByLabel("Speed").press(speed === "slowest" ? "Home" : "End");
  }

  /** Until the page shows a network: the hash of its parameters. */
  async waitForHash(): Promise<void> {
    await this.page.waitForFunction(
      () => (document.querySelector('[data-testid="hash"]')?.textContent ?? "").length === 64,
    );
  }

  /** Until so many epochs are finished. */
  async waitForEpochs(count: number): Promise<void> {
    await this.page.waitForFunction(
      (least) => Number(document.querySelector('[data-testid="epochs"]')?.textContent) >= least,
      count,
    );
  }

  /** Until training has paused: the state that is then shown. */
  async paused(): Promise<{ epochs: number; hash: string; loss: number }> {
    await this.button("run").waitFor();
    // The last frame follows the state.
    await this.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 150)));
    return {
      epochs: await this.epochs(),
      hash: await this.text("hash"),
      loss: Number(await this.text("loss")),
    };
  }

  /** Trains so many epochs from the start, one by one. */
  async trainEpochs(count: number): Promise<void> {
    for (let i = 1; i <= count; i++) {
      await this.button("epoch").click();
      await this.waitForEpochs(i);
    }
  }

  async error(): Promise<string> {
    const message = this.page.getByTestId("error");
    await message.waitFor();
    return (await message.textContent()) ?? "";
  }
}

/** Contexts that a test may open, with what Chromium must be told about each. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};
