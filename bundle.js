// Writes the JavaScript that is published to dist/: one file for each entry point, and what several share in files of their
// own. Importing many small files is slow: in Node each costs half a millisecond. Parsing is slow too, so the files are
// minified; their source maps have the sources. Lines are kept: above an uncaught error, Node prints the whole line.

import { fileURLToPath } from "node:url";
import { build } from "rolldown";

/** The licences of what files in dist/ contain of others. */
const NOTICES = {
  index: noticeOf(
    "a table of Arm Optimized Routines (Arm Limited, MIT) and SHA-256 of noble-hashes (Paul Miller, MIT)",
  ),
  table: noticeOf("Papa Parse (Matthew Holt, MIT)"),
  cli: noticeOf("Commander.js (MIT), cli-progress (MIT) and the packages that it needs (MIT)"),
  formats: noticeOf("parts of @bufbuild/protobuf (Apache-2.0 and BSD-3-Clause) and of fflate (MIT)"),
};

/** The modules that users import, by the names of their files in dist/. All share one class BackpropError. */
const ENTRIES = { index: sourcePath("index.ts") };

/** The script of a worker, in one separate file, so that it starts quickly. */
const WORKER = { worker: sourcePath("wasm/worker.ts") };

/**
 * Files that import the library, dist/index.js, instead of containing its code: entry points, and the script of a
 * worker.
 */
const BESIDE_THE_LIBRARY = ["inWorker", "trainer", "node", "browser", "table", "formats", "datasets"];

/**
 * Leaves imports of the library as imports of the file next to the importing one. Errors come from there too, so that
 * there is one class BackpropError.
 */
const LIBRARY = {
  name: "library",
  /** @param {string} specifier @param {string} [importer] */
  resolveId: (specifier, importer) =>
    /^(\.\.?\/)+(index|errors)\.js$/.test(specifier) && importer?.startsWith(sourcePath(""))
      ? { id: "./index.js", external: true }
      : undefined,
};

/** Leaves imports of the other entry points, too: the program imports the published files. */
const ENTRY_POINTS = {
  name: "entry points",
  /** @param {string} specifier @param {string} [importer] */
  resolveId: (specifier, importer) => {
    const [, name] = /^(?:\.\.?\/)+(formats|node|table)\.js$/.exec(specifier) ?? [];
    return name && importer?.startsWith(sourcePath("")) ? { id: `./${name}.js`, external: true } : undefined;
  },
};

/** The names of classes are kept: users see them in the console. */
const KEPT_NAMES = { class: true, function: false };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const beside = BESIDE_THE_LIBRARY.map((name) =>
    bundle({ [name]: sourcePath(`${name}.ts`) }, "dist", NOTICES[name], [LIBRARY]),
  );
  const program = bundle({ cli: sourcePath("cli.ts") }, "dist", NOTICES.cli, [LIBRARY, ENTRY_POINTS], "node");
  await Promise.all([program, bundle(ENTRIES, "dist", NOTICES.index), bundle(WORKER, "dist"), ...beside]);
}

/**
 * Bundles entry points, given by the names of their files, into a folder.
 *
 * @param {Record<string, string>} input
 * @param {string} dir
 * @param {string} [banner]
 * @param {import("rolldown").Plugin[]} [plugins]
 * @param {"neutral" | "node"} [platform]
 */
export function bundle(input, dir, banner, plugins = [], platform = "neutral") {
  return build({
    input,
    plugins,
    platform,
    // Papa Parse requires Node's module "stream" for a function that the library does not call.
    resolve: { mainFields: ["module", "main"], alias: { stream: false } },
    // hyparquet is imported when a Parquet file is read: users install it.
    external: /^(node:|hyparquet)/,
    output: {
      dir,
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      banner,
      comments: { jsdoc: false },
      minify: { compress: { keepNames: KEPT_NAMES }, mangle: { keepNames: KEPT_NAMES }, codegen: false },
      sourcemap: true,
    },
  });
}

/** @param {string} file */
export function sourcePath(file) {
  return fileURLToPath(new URL(`src/${file}`, import.meta.url));
}

/** @param {string} contents */
function noticeOf(contents) {
  return `/*! @license MIT. Contains ${contents}: see LICENSE and LICENSE.third-party. */`;
}
