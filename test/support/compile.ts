// Compiles AssemblyScript files, so that tests can call functions that the core does not export.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { threadId } from "node:worker_threads";
import asc from "assemblyscript/asc";

export interface CompileOptions {
  /** Options of asc that replace those of the strict core, such as `{ enable: ["simd", "relaxed-simd"] }`. */
  asc?: Record<string, unknown>;
  /** Pages of memory, 64 KiB each; default 64. */
  pages?: number;
}

export interface Assembly {
  /** The functions that the entry exports. `heap_base` returns the end of the module's static data. */
  exports: Record<string, (...numbers: number[]) => number> & { heap_base(): number };
  memory: WebAssembly.Memory;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Compiling takes up to ten seconds, so the result is kept from file to file and from run to run. */
const CACHE = `${root}node_modules/.cache/backprop-wasm/`;
const modules = new Map<string, Promise<WebAssembly.Module>>();

/**
 * Compiles an AssemblyScript file with the options of the strict core in asconfig.json. `entry`: a path from the
 * project's root. Compiles once for each file and options. Every call creates a new instance with a new memory, its
 * only import.
 */
export async function compileAssembly(entry: string, options: CompileOptions = {}): Promise<Assembly> {
  const key = JSON.stringify([entry, options.asc]);
  let module = modules.get(key);
  if (!module) {
    module = compileModule(entry, options.asc ?? {});
    modules.set(key, module);
  }
  const memory = new WebAssembly.Memory({ initial: options.pages ?? 64, maximum: 65536 });
  const instance = await WebAssembly.instantiate(await module, { env: { memory } });
  return { exports: instance.exports as Assembly["exports"], memory };
}

/** `overrides`: options of asc. False leaves an option out. */
async function compileModule(entry: string, overrides: Record<string, unknown>): Promise<WebAssembly.Module> {
  const { options, targets } = JSON.parse(await readFile(`${root}asconfig.json`, "utf8"));
  const { enable } = targets.strict;
  const flags = Object.entries({ ...options, enable, ...overrides }).flatMap(([name, value]) =>
    value === false ? [] : value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
  const path = `${CACHE}${await hashOf([entry, ...flags])}.wasm`;
  const known = await readFile(path).catch(() => undefined);
  const binary = known ?? (await compile(entry, flags));
  if (!known) await keep(path, binary);
  return WebAssembly.compile(binary);
}

async function compile(entry: string, flags: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([entry, ...flags, "--outFile", "out.wasm"], {
    // Hides asconfig.json, whose entries asc would compile as well.
    readFile: (name) =>
      name.endsWith("asconfig.json") ? null : readFile(`${root}${name}`, "utf8").catch(() => null),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array<ArrayBuffer>;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`${entry} does not compile: ${error?.message}\n${stderr}`);
  return binary;
}

/** A hash of all that the result of the compiler depends on. */
async function hashOf(flags: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(flags));
  const folders = ["assembly", "test/assembly"].map(async (folder) => {
    const names = await readdir(`${root}${folder}`, { recursive: true });
    return names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
  });
  const sources = (await Promise.all(folders)).flat().sort();
  for (const source of [...sources, "node_modules/assemblyscript/package.json"]) {
    hash.update(`${source}\n`).update(await readFile(`${root}${source}`));
  }
  return hash.digest("hex");
}

/** Several test files compile the same entry, each in its own thread. */
async function keep(path: string, binary: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${threadId}`;
  await mkdir(CACHE, { recursive: true });
  await writeFile(temporary, binary);
  await rename(temporary, path);
}
