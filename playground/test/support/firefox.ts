// Opens one address in an installed Firefox, which reports to the server what it sees. Playwright starts only newer
// Firefoxes or its own.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SiteServer } from "./siteServer.js";

const USUAL_PATHS = [
  "/usr/bin/firefox",
  "/usr/bin/firefox-esr",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
  "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
];

/** The path of Firefox. If none is installed, prints one line and returns undefined. */
export function findFirefox(): string | undefined {
  const { FIREFOX_PATH } = process.env;
  const found = (FIREFOX_PATH ? [FIREFOX_PATH] : USUAL_PATHS).find((path) => existsSync(path));
  if (!found) process.stderr.write("no Firefox found: apt-get install firefox-esr, or set FIREFOX_PATH\n");
  return found;
}

/** The page in a frame, whose hash it sends once so many epochs are trained and training has paused. */
const observer = (fragment: string, epochs: number) => `<!doctype html><title>Observer</title>
<iframe src="./${fragment}" width="1200" height="900"></iframe>
<script>
  const find = (id) => document.querySelector("iframe").contentDocument?.querySelector('[data-testid="' + id + '"]');
  const timer = setInterval(() => {
    if (!find("run") || find("epochs")?.textContent !== "${epochs}") return;
    clearInterval(timer);
    fetch("./report", { method: "POST", body: navigator.userAgent + "\\n" + find("hash").textContent });
  }, 100);
</script>`;

/**
 * Opens the experiment of an address in Firefox.
 *
 * @returns Its user agent, and the hash that the page shows after so many epochs.
 */
export async function openInFirefox(path: string, server: SiteServer, fragment: string, epochs: number) {
  server.pages.set("/observer", observer(fragment, epochs));
  const profile = await mkdtemp(join(tmpdir(), "firefox-"));
  const report = server.report();
  const firefox = spawn(path, ["--headless", "--no-remote", "--profile", profile, `${server.url}observer`], {
    stdio: "ignore",
  });
  try {
    const [userAgent = "", hash = ""] = (await report).split("\n");
    return { userAgent, hash };
  } finally {
    await end(firefox);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function end(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    process.once("exit", () => resolve());
    process.kill();
  });
}
