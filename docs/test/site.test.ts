// The built site: its links, what it must have pages for, and its pages in a browser.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { findChromium, launchChromium } from "../../test/support/chromium.js";
import { exportedTypes } from "../../test/support/exports.js";
import { PAGES } from "../../test/support/markdown.js";
import { serveFiles, type WebServer } from "../../test/support/webServer.js";
import { pageOf } from "../.vitepress/markdown.js";

const [HOST, BASE] = [inject("host"), inject("base")];
const SITE = join(HOST, BASE);
const SCREENSHOT = fileURLToPath(new URL("../screenshots/home.png", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Set to "true" to write the screenshot that the README shows. */
const { UPDATE_SCREENSHOTS } = process.env;

const HTML = readdirSync(SITE, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".html") && !file.startsWith("playground/"));

const attributes = (text: string, names: string) =>
  [...text.matchAll(new RegExp(` (?:${names})="([^"]*)"`, "g"))].map(([, value]) =>
    value!.replaceAll("&amp;", "&"),
  );

describe("the links", () => {
  const anchors = new Map(HTML.map((file) => [file, new Set(attributes(read(file), "id"))]));

  it.each(HTML)("of %s lead to files and anchors that exist", (file) => {
    const links = attributes(read(file), "href|src").filter((link) => !/^(https?|data|mailto):/.test(link));
    const broken = new Set(links.filter((link) => !leadsSomewhere(file, link)));
    expect([...broken]).toEqual([]);
  });

  function leadsSomewhere(file: string, link: string): boolean {
    const url = new URL(link, `http://host${BASE}${file}`);
    const path = decodeURI(url.pathname);
    if (!path.startsWith(BASE)) return false;
    const target = path.slice(BASE.length) + (path.endsWith("/") ? "index.html" : "");
    if (!existsSync(join(SITE, target))) return false;
    return url.hash === "" || target.startsWith("playground/") || hasAnchor(target, url.hash);
  }

  function hasAnchor(target: string, hash: string): boolean {
    return anchors.get(target)?.has(decodeURIComponent(hash.slice(1))) ?? false;
  }

  function read(file: string): string {
    return readFileSync(join(SITE, file), "utf8");
  }
});

describe("the site", () => {
  it.each(PAGES.filter((page) => page.startsWith("docs/") || page === "CHANGELOG.md"))("has %s", (page) => {
    expect(HTML).toContain(pageOf(page).replace(/\.md$/, ".html"));
  });

  it("leads from its sidebar to every page in docs/", () => {
    const home = readFileSync(join(SITE, "versions.html"), "utf8");
    const links = attributes(home, "href").map((link) => posix.relative(BASE, link));
    const pages = PAGES.filter((page) => page.startsWith("docs/") && page !== "docs/index.md");
    const missing = pages.filter((page) => !links.includes(pageOf(page).replace(/\.md$/, ".html")));
    expect(missing).toEqual([]);
  });

  it.each([
    ["backprop-wasm", "index"],
    ["backprop-wasm/browser", "browser"],
    ["backprop-wasm/datasets", "datasets"],
    ["backprop-wasm/formats", "formats"],
    ["backprop-wasm/node", "node"],
    ["backprop-wasm/table", "table"],
    ["backprop-wasm/worker", "inWorker"],
  ])("has a page for each export of %s", async (name, entry) => {
    const values = Object.keys(await import(`../../dist/${entry}.js`));
    const folder = `reference/${name}/`;
    const pages = HTML.filter((file) => file.startsWith(folder)).map((file) => file.slice(folder.length));
    const documented = pages.map((file) => /^[\w-]+\/(\w+)\.html$/.exec(file)?.[1]);
    const listed = readFileSync(join(SITE, folder, "index.html"), "utf8");
    const missing = [...values, ...exportedTypes(`${entry}.ts`)].filter(
      (each) => !documented.includes(each) && !listed.includes(`>${each}</a>`),
    );
    expect(missing).toEqual([]);
  });
});

const executablePath = findChromium();
const hasPlayground = existsSync(join(SITE, "playground/index.html"));

describe.skipIf(!executablePath)("in Chromium", () => {
  let browser: Browser;
  let server: WebServer;
  let page: Page;
  let messages: string[];

  beforeAll(async () => {
    server = await serveFiles(HOST);
    browser = await launchChromium(executablePath!);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Opens a page, and notes in `messages` each error, and each request of another host. */
  async function open(path: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<void> {
    page = await browser.newPage(options);
    messages = [];
    page.on("console", (message) => message.type() === "error" && messages.push(message.text()));
    page.on("pageerror", (error) => messages.push(String(error)));
    page.on("request", (request) => !request.url().startsWith(server.url) && messages.push(request.url()));
    await page.goto(new URL(BASE + path, server.url).href, { waitUntil: "networkidle" });
  }

  describe.each([
    ["the home page", "index.html"],
    ["a page of the guide", "guide/optimizers.html"],
    ["a page with formulas", "howItWorks/backpropagation.html"],
    ["a page of the reference", "reference/backprop-wasm/functions/adam.html"],
    ["a file of the repository", "repository/assembly/optimizers/adam.ts.html"],
  ])("%s", (_, path) => {
    it.each(["light", "dark"] as const)("has no error and asks no other host: %s", async (colorScheme) => {
      await open(path, { colorScheme });
      await page.mouse.wheel(0, 3000);
      await page.waitForLoadState("networkidle");
      expect(messages).toEqual([]);
      await page.close();
    });

    it.each(["light", "dark"] as const)("has nothing that axe objects to: %s", async (colorScheme) => {
      await open(path, { colorScheme });
      await page.evaluate(AXE);
      const { violations } = await page
        .evaluate("axe.run({ iframes: false })")
        .then((found) => found as Found);
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
      expect(found.map((text) => text.slice(0, 300))).toEqual([]);
      await page.close();
    });

    it("is no wider than a phone", async () => {
      await open(path, { viewport: { width: 360, height: 640 } });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await page.close();
    });
  });

  it.skipIf(hasPlayground)("says where the playground would be", async () => {
    await open("howItWorks/training.html");
    await page.getByText("The playground is shown here if it was built before the site.").waitFor();
    await page.close();
  });

  it.skipIf(!hasPlayground)(
    "has the playground in a page, with the experiment that the page names",
    async () => {
      await open("howItWorks/training.html");
      await page.locator("iframe.playground").scrollIntoViewIfNeeded();
      const playground = page.frameLocator("iframe.playground");
      await playground.getByTestId("hash").waitFor();
      expect(await playground.getByTestId("error").allTextContents()).toEqual([]);
      expect(messages).toEqual([]);
      await page.close();
    },
  );

  it("finds learningRate", async () => {
    await open("index.html");
    await page.keyboard.press("Control+k");
    await page.getByRole("searchbox").fill("learningRate");
    const results = page.getByRole("option");
    await results.first().waitFor();
    const { length } = await results.all();
    expect(length).toBeGreaterThan(5);
    await page.keyboard.press("Enter");
    await page.getByRole("main").getByText("learningRate").first().waitFor();
    expect(messages).toEqual([]);
    await page.close();
  });

  it("has a home page whose picture is loaded, and makes the screenshot of the README", async () => {
    await open("index.html", { viewport: { width: 1120, height: 640 }, colorScheme: "light" });
    const picture = page.getByRole("main").getByRole("img");
    expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(480);
    const path = UPDATE_SCREENSHOTS === "true" ? { path: SCREENSHOT } : {};
    const image = await page.screenshot(path);
    expect(image.length).toBeLessThan(200_000);
    await page.close();
  });
});

interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
