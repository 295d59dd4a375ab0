// Finds and starts an installed Chromium: playwright-core contains none.

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const USUAL_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

const MISSING = "no Chromium found: apt-get install chromium, or set CHROMIUM_PATH";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The path of Chromium. If none is installed, prints one line and returns undefined; throws if CI=true. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, CHROME_PATH, CI } = process.env;
  const named = CHROMIUM_PATH ?? CHROME_PATH;
  const found = (named ? [named] : USUAL_PATHS).find((path) => existsSync(path));
  if (found) return found;
  if (CI === "true") throw new Error(MISSING);
  process.stderr.write(`${MISSING}\n`);
  return undefined;
}

/** Starts a headless Chromium. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
