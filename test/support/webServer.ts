// The ways in which an application reaches a browser.

import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, createServer, type InlineConfig, preview } from "vite";

export interface WebServer {
  readonly url: string;
  close(): Promise<void>;
}

const ADDRESS = { host: "127.0.0.1", port: 0 };
const QUIET: InlineConfig = { configFile: false, logLevel: "error" };

/** With these a page is cross-origin isolated, and has SharedArrayBuffer. */
export const ISOLATION: Headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

type Headers = Readonly<Record<string, string>>;

/** Serves the files of `directory` as they are: Vite's preview transforms nothing. */
export async function serveFiles(directory: string, headers: Headers = {}): Promise<WebServer> {
  const server = await preview({
    ...QUIET,
    root: tmpdir(),
    appType: "mpa",
    build: { outDir: directory },
    preview: { ...ADDRESS, headers },
  });
  return { url: urlOf(server.httpServer), close: () => server.close() };
}

/** Builds with Vite's defaults, and serves what came of it. */
export async function serveBuilt(directory: string, headers?: Headers): Promise<WebServer> {
  await build({ ...QUIET, root: directory });
  return serveFiles(join(directory, "dist"), headers);
}

/** Serves from Vite's development server with its defaults. */
export async function serveDevelopment(directory: string, headers: Headers = {}): Promise<WebServer> {
  const server = await createServer({ ...QUIET, root: directory, server: { ...ADDRESS, headers } });
  await server.listen();
  return { url: urlOf(server.httpServer!), close: () => server.close() };
}

function urlOf(server: { address(): unknown }): string {
  const { port } = server.address() as { port: number };
  return `http://${ADDRESS.host}:${port}/`;
}
