// Compiles programs against the package in strict TypeScript, and runs them.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./markdown.js";

const run = promisify(execFile);

const OPTIONS = {
  target: "ES2023",
  module: "NodeNext",
  lib: ["ES2023", "ESNext.Disposable", "DOM"],
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  outDir: "out",
};

export interface Consumer {
  /** The compiler's errors, by the name of the program; programs without errors are left out. */
  readonly errors: Readonly<Record<string, string>>;
  /** The path of a program in JavaScript. */
  compiled(name: string): string;
  /** Makes a folder in which the package is installed, with its command, and returns the path. */
  createFolder(name: string): Promise<string>;
  /** Deletes the package and its folders. */
  remove(): Promise<void>;
}

/** Compiles programs in a new package that depends on this one. Keys are names of programs, without an extension. */
export async function createConsumer(programs: Readonly<Record<string, string>>): Promise<Consumer> {
  const directory = await mkdtemp(join(tmpdir(), "backprop-wasm-"));
  await install(join(directory, "node_modules"));
  await writeFile(join(directory, "package.json"), '{ "type": "module" }\n');
  await writeFile(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions: OPTIONS }));
  const names = Object.keys(programs);
  for (const name of names) await writeFile(join(directory, `${name}.ts`), programs[name]!);
  const output = await compile(directory);
  const errorsOf = (name: string) => output.split("\n").filter((line) => line.startsWith(`${name}.ts(`));
  const errors = Object.fromEntries(
    names.map((name) => [name, errorsOf(name).join("\n")] as const).filter(([, text]) => text !== ""),
  );
  if (output !== "" && Object.keys(errors).length === 0) throw new Error(output);
  return {
    errors,
    compiled: (name) => join(directory, "out", `${name}.js`),
    async createFolder(name) {
      const folder = join(directory, name);
      await mkdir(folder);
      await symlink(join(directory, "node_modules"), join(folder, "node_modules"), "junction");
      return folder;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** What npm does: the package, the types that programs need, and the command. */
async function install(modules: string): Promise<void> {
  await mkdir(join(modules, ".bin"), { recursive: true });
  await symlink(ROOT, join(modules, "backprop-wasm"), "junction");
  await symlink(join(ROOT, "node_modules", "@types"), join(modules, "@types"), "junction");
  const command = `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "dist/cli.js")}" "$@"\n`;
  await writeFile(join(modules, ".bin", "backprop-wasm"), command, { mode: 0o755 });
}

/** The compiler's output: one line for each error. */
async function compile(cwd: string): Promise<string> {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  try {
    await run(process.execPath, [tsc, "--pretty", "false"], { cwd });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
