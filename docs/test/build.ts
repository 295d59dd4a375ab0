// Builds the site once for all tests, for a path that is not the root of its host.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

const DOCS = fileURLToPath(new URL("../", import.meta.url));
const BASE = "/some/path/";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder that a host serves. The site is in it at `base`. */
    readonly host: string;
    readonly base: string;
  }
}

export default function build({ provide }: TestProject): () => void {
  const host = mkdtempSync(join(tmpdir(), "docs-"));
  const site = join(host, BASE);
  execFileSync("npm", ["run", "--silent", "build", "--", "--outDir", site], {
    cwd: DOCS,
    env: { ...process.env, DOCS_BASE: BASE },
    stdio: ["ignore", "ignore", "inherit"],
  });
  provide("host", host);
  provide("base", BASE);
  return () => rmSync(host, { recursive: true });
}
