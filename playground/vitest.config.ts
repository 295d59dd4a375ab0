import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * test/model: what is trained, in Node, without the page's tools. test/page: dist/, which must be built, in browsers.
 */
export default defineConfig({
  root: pathOf("."),
  resolve: {
    alias: [
      { find: /^backprop-wasm$/, replacement: pathOf("../dist/index.js") },
      { find: /^backprop-wasm\/(\w+)$/, replacement: `${pathOf("../dist")}/$1.js` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
