// Serves playground/dist as any static host would: files, without headers of its own.

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".csv": "text/csv",
  ".txt": "text/plain; charset=utf-8",
};

export class SiteServer {
  /** The paths that were asked for, in order, and the size of each file as gzip sends it. */
  readonly requested = new Map<string, number>();
  /** Answers for other paths than those of files. */
  readonly pages = new Map<string, string>();
  readonly #server: Server;
  #onReport: (report: string) => void = () => undefined;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const path = new URL(request.url!, this.url).pathname;
      if (request.method === "POST") {
        let report = "";
        for await (const chunk of request) report += chunk;
        this.#onReport(report);
        response.end();
        return;
      }
      const file = path === "/" ? "/index.html" : path;
      const content = this.pages.get(path) ?? (await readFile(join(DIST, file)).catch(() => undefined));
      if (content === undefined) {
        response.writeHead(404).end();
        return;
      }
      this.requested.set(path, gzipSync(content, { level: 9 }).length);
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "text/html; charset=utf-8");
      response.end(content);
    });
  }

  /** Starts a server on a free port of this machine. */
  static async start(): Promise<SiteServer> {
    const server = new SiteServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/`;
  }

  /** The body of the next POST. */
  report(): Promise<string> {
    return new Promise((resolve) => {
      this.#onReport = resolve;
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
