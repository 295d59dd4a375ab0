import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

export interface CompileOptions {
  /** Options of asc over those of the strict core in asconfig.json, as `{ enable: ["simd", "relaxed-simd"] }`. */
  asc?: Record<string, unknown>;
  /** How many pages of 64 KiB the memory has; 64 unless given. */
  pages?: number;
}

export interface Assembly {
  /** The functions of the entry, which has `heap_base` among them: below it lies the module's own data. */
  exports: Record<string, (...numbers: number[]) => number> & { heap_base(): number };
  memory: WebAssembly.Memory;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const modules = new Map<string, Promise<WebAssembly.Module>>();

/**
 * A module of its own from an entry in AssemblyScript (a path from the project's root), with the options of
 * asconfig.json for the strict core, so that a kernel can be tested without the rest of the core. Compiled once per entry and options; every
 * call makes a new instance with a new memory, which is all that it imports.
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

async function compileModule(entry: string, overrides: Record<string, unknown>): Promise<WebAssembly.Module> {
  const { options, targets } = JSON.parse(await readFile(`${root}asconfig.json`, "utf8"));
  const { enable } = targets.strict;
  const flags = Object.entries({ ...options, enable, ...overrides }).flatMap(([name, value]) =>
    value === false ? [] : value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([entry, ...flags, "--outFile", "out.wasm"], {
    // The entries of asconfig.json would be added to this one, so asc is not shown the file.
    readFile: (name) =>
      name.endsWith("asconfig.json") ? null : readFile(`${root}${name}`, "utf8").catch(() => null),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array<ArrayBuffer>;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`${entry} does not compile: ${error?.message}\n${stderr}`);
  return WebAssembly.compile(binary);
}
