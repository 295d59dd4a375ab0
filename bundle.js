// Writes the JavaScript that is published to dist/: one file for each thing that is loaded by itself, for in Node each
// file that is imported costs half a millisecond.

import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const NOTICE =
  "/*! @license MIT. Contains @assemblyscript/loader (Daniel Wirtz and the AssemblyScript authors, Apache-2.0) and a table of Arm " +
  "Optimized Routines (Arm Limited, MIT): see LICENSE and LICENSE.third-party. */";

await build([bundle("index.ts", "index.js", NOTICE), bundle("worker.ts", "worker.js")]);

function bundle(source, file, banner) {
  return {
    input: fileURLToPath(new URL(`src/${source}`, import.meta.url)),
    platform: "neutral",
    output: { file: `dist/${file}`, banner, comments: { jsdoc: false } },
  };
}
