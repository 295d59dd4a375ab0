// Serves an application to a browser: its files, Vite's build of it, or Vite's development server.

import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, createServer, type InlineConfig, preview } from "vite";

export interface WebServer {
  readonly url: string;
  close(): Promise<void>;
}

const ADDRESS = { host: "127.0.0.1", port: 0 };
const QUIET: InlineConfig = { configFile: false, logLevel: "error" };

/** Headers that make a page cross-origin isolated, which SharedArrayBuffer requires. */
export const ISOLATION: Headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

type Headers = Readonly<Record<string, string>>;

/** Serves the files of `directory` unchanged: Vite's preview does not transform them. */
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

/** Builds with Vite's defaults, and serves the result. */
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
