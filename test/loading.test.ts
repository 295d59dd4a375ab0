// Loading the core from the library's file or from a source that the user gives, and the errors if that fails.

import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createContext, runInContext } from "node:vm";
import binaryen from "binaryen";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type CoreBuild, loadCore } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { enableRelaxedSimd } from "./support/relaxed.js";

const CORE = new URL("../build/core.wasm", import.meta.url);
const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const THREADS = { threads: true };

const BUILDS = [
  { file: "core.wasm", options: {} },
  { file: "core.relaxed.wasm", options: { numerics: "relaxed" } },
  { file: "core.threads.wasm", options: THREADS },
  { file: "core.relaxed.threads.wasm", options: { numerics: "relaxed", threads: true } },
] as const satisfies { file: string; options: CoreBuild }[];

beforeAll(enableRelaxedSimd);

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.doUnmock("../src/assets.js");
});

async function bytesOf(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(file, CORE)));
}

/** A copy of the module that has not loaded the core yet. */
async function freshCore(): Promise<typeof import("../src/wasm/core.js")> {
  vi.resetModules();
  return import("../src/wasm/core.js");
}

/** A copy of the module that expects the library's files at these addresses. */
async function freshCoreAt(address: (file: string) => URL): Promise<typeof import("../src/wasm/core.js")> {
  const urls = BUILDS.map(({ file }) => [file, () => address(file)]);
  vi.doMock("../src/assets.js", () => ({ CORE_URLS: Object.fromEntries(urls) }));
  return freshCore();
}

/** The core with some functions replaced. `functions`: the text of each function by its name. */
async function coreWith(functions: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const core = binaryen.readBinary(await bytesOf("core.wasm"));
  core.setFeatures(binaryen.Features.All);
  for (const name of Object.keys(functions)) core.removeExport(name);
  const text = core.emitText().trimEnd();
  const replacements = Object.entries(functions).map(([name, body]) => `(func (export "${name}") ${body})`);
  return new Uint8Array(binaryen.parseText(`${text.slice(0, -1)} ${replacements.join("\n")})`).emitBinary());
}

describe("loading", () => {
  it("happens once", async () => {
    const core = await sharedCore();
    await loadCore(new Uint8Array([1, 2, 3]));
    expect(await sharedCore()).toBe(core);
  });

  it("may be tried again after an error", async () => {
    const { sharedCore: load } = await freshCore();
    await expect(load(new Uint8Array([1, 2, 3]))).rejects.toThrow("could not be loaded");
    expect((await load(await bytesOf("core.wasm"))).exports.heap_base()).toBeGreaterThan(0);
  });

  it("finds the file without process.getBuiltinModule", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    const { sharedCore: load } = await freshCore();
    expect((await load()).exports.heap_base()).toBeGreaterThan(0);
  });

  it("does not make Node load its HTTP client, which takes longer than loading the core", () => {
    const library = new URL("../dist/index.js", import.meta.url);
    const program = (use: string) => `
      const { loadCore } = await import("${library}");
      await loadCore();
      ${use};
      console.log(process.moduleLoadList.some((name) => name.includes("undici/undici")));`;
    const print = (use: string) =>
      spawnSync(process.execPath, ["--input-type=module", "--eval", program(use)], { encoding: "utf8" })
        .stdout;
    expect(print("")).toBe("false\n");
    expect(print("Response")).toBe("true\n");
  });

  it("happens once for each build, and each build has its own memory", async () => {
    const strict = await sharedCore();
    const threads = await sharedCore(undefined, THREADS);
    expect(await sharedCore(undefined, { numerics: "strict", threads: true })).toBe(threads);
    expect(await sharedCore(undefined, { numerics: "strict", threads: false })).toBe(strict);
    expect(strict.memory.buffer).toBeInstanceOf(ArrayBuffer);
    expect(threads.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.each([
    [{ numerics: "fast" }, "unknownName", /^numerics is "fast"; expected one of "strict", "relaxed"\.$/],
    [{ threads: 2 }, "invalidOption", /^threads is 2; expected a boolean\.$/],
    [{ thread: true }, "invalidOption", /^loadCore has no option "thread"/],
    [null, "invalidOption", /^loadCore is given null/],
  ])("refuses the build %j", async (build, code, message) => {
    await expect(loadCore(undefined, build as object)).rejects.toMatchObject({
      name: "BackpropError",
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe("loadCore", () => {
  const module = async () => WebAssembly.compile(await bytesOf("core.wasm"));
  const foreignModule = async () => {
    const realm = createContext({ bytes: await bytesOf("core.wasm") });
    return runInContext("new WebAssembly.Module(bytes)", realm) as object;
  };
  const sources: [string, () => object | Promise<object>][] = [
    ["an array of bytes", () => bytesOf("core.wasm")],
    ["an ArrayBuffer", async () => (await bytesOf("core.wasm")).buffer],
    [
      "a view of a part of a buffer",
      async () => {
        const bytes = await bytesOf("core.wasm");
        const larger = new Uint8Array(bytes.length + 24);
        larger.set(bytes, 8);
        return new DataView(larger.buffer, 8, bytes.length);
      },
    ],
    ["a module", module],
    ["a module of another realm", foreignModule],
    ["a Response", async () => new Response(await bytesOf("core.wasm"))],
    ["a Blob", async () => new Blob([await bytesOf("core.wasm")])],
  ];

  it.each(sources)("accepts %s", async (_, source) => {
    const { sharedCore: load } = await freshCore();
    expect((await load(await source())).exports.heap_base()).toBeGreaterThan(0);
  });

  it("accepts a promise of a module", async () => {
    const { sharedCore: load } = await freshCore();
    expect((await load(module())).exports.heap_base()).toBeGreaterThan(0);
  });

  it.each([
    ["build/core.wasm", '"build/core.wasm"'],
    ["", '""'],
    [new URL("file:///core.wasm"), "an object (URL)"],
    [{}, "an object (Object)"],
    [[0, 97, 115, 109], "an array of 4"],
    [null, "null"],
    [0, "0"],
    [false, "false"],
  ])("names the types that it accepts if it is given %j", async (source, shown) => {
    const { loadCore: load } = await freshCore();
    await expect(load(source as object)).rejects.toMatchObject({
      name: "BackpropError",
      code: "invalidOption",
      message:
        `loadCore(source) is given ${shown}; expected a WebAssembly.Module, the bytes of core.wasm (an ArrayBuffer or a ` +
        "view of one), a Response with them, or a promise of one of these.",
    });
  });

  it("keeps the core that is loaded, and then refuses only a source of another type", async () => {
    const { loadCore: load, sharedCore: core } = await freshCore();
    const loaded = await core();
    for (const source of ["build/core.wasm", {}, null, Promise.resolve(5)]) {
      await expect(load(source as object)).rejects.toMatchObject({
        code: "invalidOption",
        message: expect.stringContaining("expected a WebAssembly.Module, the bytes of core.wasm"),
      });
    }
    await load(new Uint8Array(3));
    await load(new Response("not found", { status: 404 }));
    await load(Promise.reject(new Error("offline")));
    expect(await core()).toBe(loaded);
  });

  describe.each(BUILDS)("when $file is needed", ({ file, options }) => {
    it("accepts that build", async () => {
      const { sharedCore: load } = await freshCore();
      const core = await load(await bytesOf(file), options);
      expect(WebAssembly.Module.imports(core.module)).toHaveLength(1);
    });

    it.each(BUILDS.filter((other) => other.file !== file))("refuses $file", async (other) => {
      const { loadCore: load } = await freshCore();
      const isOtherMemory = "threads" in options !== "threads" in other.options;
      const memory = "threads" in other.options ? "a build with threads" : "a build without threads";
      const found = isOtherMemory ? memory : other.file;
      await expect(load(await bytesOf(other.file), options)).rejects.toMatchObject({
        code: "coreUnavailable",
        message: expect.stringMatching(
          new RegExp(`: the module is ${found}.*; expected ${file}. Give build/${file} of this version`),
        ),
      });
    });
  });

  const foreign: [string, () => Uint8Array | Promise<Uint8Array>, string][] = [
    ["an empty module", () => EMPTY_MODULE, "not a core of this version of the library"],
    [
      "a module with other imports",
      () => binaryen.parseText('(module (import "wasi" "exit" (func)))').emitBinary(),
      "not a core of this version of the library",
    ],
    [
      "a core of a version that did not state its build",
      async () => {
        const core = binaryen.readBinary(await bytesOf("core.wasm"));
        core.removeExport("build_features");
        return core.emitBinary();
      },
      "not a core of this version of the library",
    ],
    [
      "a core of another version",
      () => coreWith({ abi_version: "(result i32) (i32.const 1)" }),
      "version 1 of the core, where this library needs",
    ],
  ];

  it.each(foreign)("refuses %s", async (_, source, reason) => {
    const { loadCore: load } = await freshCore();
    await expect(load(await source())).rejects.toMatchObject({
      code: "coreUnavailable",
      message: expect.stringMatching(
        new RegExp(`: the module is ${reason}.*\\. Give build/core.wasm of this version`),
      ),
    });
  });

  const notModules: [string, () => object, string][] = [
    ["three bytes", () => Uint8Array.of(1, 2, 3), "the source is 3 bytes, which is not a WebAssembly module"],
    [
      "a page",
      () => new TextEncoder().encode("\n<!doctype html><title>Not found</title>"),
      "the source is an HTML page, which is not a WebAssembly module",
    ],
    [
      "a Response with a page",
      () => new Response("<html><body>Welcome</body></html>"),
      "the response answered with an HTML page, which is not a WebAssembly module",
    ],
    [
      "a failed Response",
      () => new Response(null, { status: 404, statusText: "Not Found" }),
      "the response answered 404 Not Found",
    ],
  ];

  it.each(notModules)("describes the source if it is not a module: %s", async (_, source, reason) => {
    const { loadCore: load } = await freshCore();
    await expect(load(source(), THREADS)).rejects.toMatchObject({
      name: "BackpropError",
      code: "coreUnavailable",
      message:
        `The WebAssembly core could not be loaded: ${reason}. Give build/core.threads.wasm of this version of the ` +
        "library to loadCore(source, { threads: true }).",
    });
  });

  it("passes on the engine's error for an invalid module", async () => {
    const { loadCore: load } = await freshCore();
    const bytes = (await bytesOf("core.wasm")).subarray(0, 1000);
    await expect(load(bytes)).rejects.toMatchObject({
      code: "coreUnavailable",
      cause: expect.any(WebAssembly.CompileError),
    });
  });

  it("passes on the reason if the promise of a module rejects", async () => {
    const { loadCore: load } = await freshCore();
    const cause = new TypeError("fetch failed.");
    await expect(load(Promise.reject(cause))).rejects.toMatchObject({
      code: "coreUnavailable",
      message: expect.stringContaining("could not be loaded: fetch failed. Give"),
      cause,
    });
  });
});

describe("an engine that refuses WebAssembly", () => {
  /** This engine's error in a realm that must not compile. Cloudflare's workerd throws the same. */
  const disallowed = () => {
    const realm = createContext({ bytes: EMPTY_MODULE }, { codeGeneration: { wasm: false } });
    try {
      runInContext("new WebAssembly.Module(bytes)", realm);
    } catch (error) {
      return (error as Error).message;
    }
    return expect.fail("it was compiled");
  };
  const allow = "Add 'wasm-unsafe-eval' to script-src in the page's Content-Security-Policy.";
  const importCore =
    'Import the file, as in `import core from "backprop-wasm/core.wasm"`, and call loadCore(core) with its module or ' +
    "bytes before the first network.";
  const refusals: [string, () => Error, string][] = [
    [
      "Chromium 156",
      () =>
        new WebAssembly.CompileError(
          "WebAssembly.compile(): Compiling or instantiating WebAssembly module violates the following Content Security " +
            "policy directive because 'unsafe-eval' is not an allowed source of script in the following Content Security " +
            "Policy directive: \"script-src 'self'\".",
        ),
      allow,
    ],
    ["Firefox", () => new WebAssembly.CompileError("call to WebAssembly.compile() blocked by CSP"), allow],
    [
      "Safari",
      () =>
        new EvalError(
          "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of " +
            "script in the following Content Security Policy directive: \"script-src 'self'\".",
        ),
      allow,
    ],
    ["workerd", () => new WebAssembly.CompileError(disallowed()), importCore],
  ];

  it.each(refusals)("is named with what to do about it: %s", async (_, refusal, advice) => {
    const { loadCore: load } = await freshCore();
    const cause = refusal();
    const bytes = await bytesOf("core.wasm");
    const module = new WebAssembly.Module(bytes);
    const expected = {
      code: "coreUnavailable",
      message: `The WebAssembly core could not be loaded: ${cause.message.replace(/\.$/, "")}. ${advice}`,
      cause,
    };
    vi.spyOn(WebAssembly, "compile").mockRejectedValue(cause);
    await expect(load(bytes)).rejects.toMatchObject(expected);
    vi.spyOn(WebAssembly, "instantiate").mockRejectedValue(cause as never);
    await expect(load(module)).rejects.toMatchObject(expected);
  });
});

describe("the library's file", () => {
  const SITE = "https://example.org/assets/";
  const copy = (file: string, call: string) =>
    `Copy build/${file} of the library there, unchanged (bundlers such as esbuild and rollup do not), or call ${call} ` +
    "with the file's bytes before the first network.";

  const answers: [string, () => Promise<Response>, string][] = [
    [
      "a server that answers 404",
      async () => new Response("<html></html>", { status: 404, statusText: "Not Found" }),
      `${SITE}core.wasm answered 404 Not Found`,
    ],
    [
      "a server that answers every address with a page",
      async () => new Response("<!DOCTYPE html><html></html>"),
      `${SITE}core.wasm answered with an HTML page, which is not a WebAssembly module`,
    ],
    [
      "a server that cannot be reached",
      () => Promise.reject(new TypeError("Failed to fetch")),
      `${SITE}core.wasm could not be fetched (Failed to fetch)`,
    ],
  ];

  it.each(answers)("is named by its address: %s", async (_, answer, reason) => {
    vi.stubGlobal("fetch", vi.fn(answer));
    const { loadCore: load } = await freshCoreAt((file) => new URL(file, SITE));
    await expect(load()).rejects.toMatchObject({
      code: "coreUnavailable",
      message: `The WebAssembly core could not be loaded: ${reason}. ${copy("core.wasm", "loadCore(bytes)")}`,
    });
  });

  it("is fetched from its address", async () => {
    const bytes = await bytesOf("core.wasm");
    vi.stubGlobal(
      "fetch",
      vi.fn(async () => new Response(bytes)),
    );
    const { sharedCore: load } = await freshCoreAt((file) => new URL(file, SITE));
    expect((await load()).exports.heap_base()).toBeGreaterThan(0);
    expect(fetch).toHaveBeenCalledWith(new URL("core.wasm", SITE));
  });

  it("is named by its path if it is missing", async () => {
    const { loadCore: load } = await freshCoreAt((file) => new URL(`missing/${file}`, CORE));
    await expect(load(undefined, THREADS)).rejects.toMatchObject({
      code: "coreUnavailable",
      message: expect.stringMatching(
        /: ENOENT: no such file .*missing.core\.threads\.wasm'\. Copy build\/core\.threads\.wasm .*loadCore\(bytes, \{ threads: true \}\)/,
      ),
    });
  });

  it("must be imported if import.meta.url is undefined", async () => {
    const { loadCore: load } = await freshCoreAt((file) => new URL(`../build/${file}`, undefined));
    await expect(load(undefined, { numerics: "relaxed" })).rejects.toMatchObject({
      code: "coreUnavailable",
      message:
        "The WebAssembly core could not be loaded: import.meta.url is not a URL here, so the library cannot locate " +
        'core.relaxed.wasm (Invalid URL). Import the file, as in `import core from "backprop-wasm/core.relaxed.wasm"`, ' +
        'and call loadCore(core, { numerics: "relaxed" }) with its module or bytes before the first network.',
    });
  });
});

describe("an engine or processor that cannot compute the library's bits", () => {
  const unsupported = (message: RegExp) => ({
    name: "BackpropError",
    code: "unsupported",
    message: expect.stringMatching(message),
  });

  it("is refused if vectors flush subnormal float32 to 0", async () => {
    const flush = (value: string) =>
      `(select (f32.const 0) ${value} (f32.lt (f32.abs ${value}) (f32.const 0x1p-126)))`;
    const { loadCore: load } = await freshCore();
    const flushing = await coreWith({
      add_in_vector: `(param f32 f32) (result f32) ${flush("(f32.add (local.get 0) (local.get 1))")}`,
    });
    await expect(load(flushing)).rejects.toMatchObject(unsupported(/flushes float32.+32-bit ARM/));
    const keeping = await coreWith({
      add_in_vector: "(param f32 f32) (result f32) (f32.add (local.get 0) (local.get 1))",
    });
    await load(keeping);
  });

  it("is refused if the processor is big-endian", async () => {
    const { loadCore: load } = await freshCore();
    vi.stubGlobal("Uint16Array", { of: (value: number) => Uint8Array.of(value >> 8, value & 0xff) });
    await expect(load()).rejects.toMatchObject(unsupported(/big-endian/));
    vi.unstubAllGlobals();
    await load();
  });

  it("is tested by a vector addition", async () => {
    const core = binaryen.readBinary(await bytesOf("core.wasm"));
    const { value } = binaryen.getExportInfo(core.getExport("add_in_vector"));
    const { body } = binaryen.getFunctionInfo(core.getFunction(value));
    expect(binaryen.emitText(body)).toContain("f32x4.add");
  });

  const program = `
    const { loadCore } = await import("${new URL("../dist/index.js", import.meta.url)}");
    await loadCore().catch(({ code, message }) => console.log(code, message));`;
  const run = (...flags: string[]) =>
    spawnSync(process.execPath, [...flags, "--input-type=module", "--eval", program], { encoding: "utf8" })
      .stdout;

  it("is refused if WebAssembly is switched off", () => {
    expect(run("--jitless")).toMatch(/^unsupported This engine has no WebAssembly/);
  });

  it.runIf(process.arch === "x64")("is refused if it has no WebAssembly SIMD", () => {
    expect(run("--no-enable-sse4-1")).toMatch(/^unsupported This engine has no WebAssembly SIMD/);
  });
});
