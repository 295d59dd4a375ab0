import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, minifySync, type Plugin } from "vite";

/** Headers that make the page cross-origin isolated, which threads require. The service worker adds them elsewhere. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Files that the page loads when they are used, not at first. */
const LOADED_WHEN_USED = /\/(digits|table|formats|files|program|core\.[\w.]+)-[^/]*$|^licences\.txt$/;

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // Any host can serve dist/, from any folder.
  base: "./",
  resolve: {
    alias: [
      { find: /^backprop-wasm$/, replacement: pathOf("../dist/index.js") },
      { find: /^backprop-wasm\/(\w+)$/, replacement: `${pathOf("../dist")}/$1.js` },
    ],
  },
  // All browsers of es2022 that run WebAssembly threads know modulepreload.
  build: { target: "es2022", modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000 },
  worker: { format: "es" },
  server: { headers: ISOLATION, fs: { allow: [".."] } },
  preview: { headers: ISOLATION },
  plugins: [licences(), serviceWorker()],
});

/** Writes the licences of all that the page contains. */
function licences(): Plugin {
  const files = ["../LICENSE", "../LICENSE.third-party", "node_modules/preact/LICENSE"];
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const [own, third, preact] = files.map((file) => readFileSync(pathOf(file), "utf8").trim());
      const source = `${own}\n\n${third}\n\nThe page contains Preact, under this licence:\n\n${preact}\n`;
      this.emitFile({ type: "asset", fileName: "licences.txt", source });
    },
  };
}

/** Writes the service worker with the files that it stores at once, and a version that changes with any file. */
function serviceWorker(): Plugin {
  return {
    name: "service worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const names = Object.keys(bundle).filter((name) => !name.endsWith(".map"));
      const first = names.filter((name) => name !== "index.html" && !LOADED_WHEN_USED.test(name));
      const hash = createHash("sha256");
      for (const name of names.sort()) {
        const file = bundle[name]!;
        hash.update(name).update(file.type === "chunk" ? file.code : file.source);
      }
      const source = readFileSync(pathOf("serviceWorker.js"), "utf8")
        .replaceAll("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 16)))
        .replaceAll("__FILES__", JSON.stringify(["./", ...first]));
      const { code } = minifySync("serviceWorker.js", source);
      this.emitFile({ type: "asset", fileName: "serviceWorker.js", source: code });
    },
  };
}
