// Writes the JavaScript that is published to dist/: one file for each thing that is loaded by itself, for in Node each
// file that is imported costs half a millisecond.

import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const TYPESCRIPT_ENGINE = sourcePath("engine/typescript/engine.ts");
const ERRORS = sourcePath("errors.ts");

const NOTICE =
  "/*! @license MIT. Contains @assemblyscript/loader (Daniel Wirtz and the AssemblyScript authors, Apache-2.0) and a table of Arm " +
  "Optimized Routines (Arm Limited, MIT): see LICENSE and LICENSE.third-party. */";

await build([
  bundle(sourcePath("index.ts"), "index.js", {
    banner: NOTICE,
    paths: { [TYPESCRIPT_ENGINE]: "./typescript.js" },
  }),
  // Its errors are those of index.js, which users compare theirs with.
  bundle(TYPESCRIPT_ENGINE, "typescript.js", { paths: { [ERRORS]: "./index.js" } }),
  bundle(sourcePath("worker.ts"), "worker.js"),
]);

/** The modules in `paths` stay out of the file: they are in the one that is named. */
function bundle(input, file, { paths = {}, banner } = {}) {
  return {
    input,
    external: Object.keys(paths),
    platform: "neutral",
    output: { file: `dist/${file}`, paths, banner, comments: { jsdoc: false } },
  };
}

function sourcePath(file) {
  return fileURLToPath(new URL(`src/${file}`, import.meta.url));
}
