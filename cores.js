// Compiles the builds of the core and those of bench/assembly/, as many at a time as there are processors: the compiler uses
// only one.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";

const COMPILER = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");

/** The compiler's arguments for each build; the rest is in asconfig.json. The slowest come first. */
const BUILDS = [
  ["assembly/threads.ts", "--target", "relaxedThreads"],
  ["assembly/threads.ts", "--target", "threads"],
  ["assembly/index.ts", "--target", "relaxed"],
  ["assembly/index.ts", "--target", "strict"],
  ["--config", "bench/assembly/asconfig.json", "--target", "strict"],
  ["--config", "bench/assembly/asconfig.json", "--target", "fused"],
];

const run = promisify(execFile);
const remaining = BUILDS.values();
await Promise.all(Array.from({ length: availableParallelism() }, compileRemaining));

/** Compiles one build after the other until none is left. */
async function compileRemaining() {
  for (const build of remaining) await compile(build);
}

/** @param {string[]} build */
async function compile(build) {
  try {
    const { stderr } = await run(process.execPath, [COMPILER, ...build]);
    process.stderr.write(stderr);
  } catch (error) {
    process.stderr.write(/** @type {{ stderr: string }} */ (error).stderr);
    process.exitCode = 1;
  }
}
