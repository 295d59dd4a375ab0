// Compiles programs in C and C++, and runs them.

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const C = ["cc", "-std=c11"];
export const CPP = ["c++", "-std=c++17", "-x", "c++"];

export const hasCompiler = ["cc", "c++"].every((compiler) => spawnSync(compiler, ["--version"]).status === 0);

const WARNINGS = ["-O1", "-Wall", "-Wextra", "-pedantic", "-Werror"];

/**
 * Compiles a program that includes "network.h" with all warnings as errors, in a new folder inside `folder`. Returns what
 * it prints, by lines.
 */
export async function compileAndRun(
  folder: string,
  header: string,
  main: string,
  [compiler, ...flags]: readonly string[],
  input = "",
): Promise<string[]> {
  const program = await mkdtemp(join(folder, "c-"));
  await Promise.all([
    writeFile(join(program, "network.h"), header),
    writeFile(join(program, "main.c"), main),
  ]);
  await run(compiler!, [...flags, ...WARNINGS, "main.c", "-o", "main", "-lm"], { cwd: program });
  const { stdout } = spawnSync(join(program, "main"), { input, encoding: "utf8" });
  return stdout.trim().split("\n");
}
