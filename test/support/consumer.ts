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
  /** Runs a program and returns its output. Rejects if it fails or writes to stderr. */
  run(name: string): Promise<string>;
  /** Deletes the package. */
  remove(): Promise<void>;
}

/** Compiles programs in a new package that depends on this one. Keys are names of programs, without an extension. */
export async function createConsumer(programs: Readonly<Record<string, string>>): Promise<Consumer> {
  const directory = await mkdtemp(join(tmpdir(), "backprop-wasm-"));
  await mkdir(join(directory, "node_modules"));
  await symlink(ROOT, join(directory, "node_modules", "backprop-wasm"), "junction");
  await symlink(join(ROOT, "node_modules", "@types"), join(directory, "node_modules", "@types"), "junction");
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
    async run(name) {
      const { stdout, stderr } = await run(process.execPath, [join(directory, "out", `${name}.js`)]);
      if (stderr !== "") throw new Error(stderr);
      return stdout;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
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
