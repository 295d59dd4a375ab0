import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import binaryen from "binaryen";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { CoreExports } from "../src/core.js";
import { sharedCore } from "../src/core.js";
import { ACTIVATIONS, LOSSES, loadCore } from "../src/index.js";

const CORE = new URL("../build/core.wasm", import.meta.url);

/** What the strict build may make use of: no relaxed SIMD, whose bits are the processor's. */
const STRICT_FEATURES =
  binaryen.Features.MVP |
  binaryen.Features.MutableGlobals |
  binaryen.Features.SIMD128 |
  binaryen.Features.BulkMemory |
  binaryen.Features.SignExt |
  binaryen.Features.NontrappingFPToInt;

interface Inspection {
  readonly relaxedInstructions: string[];
  readonly globals: { readonly mutable: boolean; readonly imported: boolean }[];
  readonly tables: number;
}

function inspect(module: binaryen.Module): Inspection {
  const text = module.emitText();
  const globals = Array.from({ length: module.getNumGlobals() }, (_, i) =>
    binaryen.getGlobalInfo(module.getGlobalByIndex(i)),
  );
  return {
    relaxedInstructions: [...text.matchAll(/\b[\w.]*relaxed[\w.]*/g)].map(([name]) => name),
    globals: globals.map(({ mutable, base }) => ({ mutable, imported: base !== "" && base !== null })),
    tables: module.getNumTables(),
  };
}

describe("the core's module", () => {
  let bytes: Uint8Array<ArrayBuffer>;
  let module: WebAssembly.Module;

  beforeAll(async () => {
    bytes = new Uint8Array(await readFile(CORE));
    module = await WebAssembly.compile(bytes);
  });

  it("imports its memory and nothing else", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  it("exports functions alone, by the names that the wrapper calls", () => {
    const exports = WebAssembly.Module.exports(module);
    expect(new Set(exports.map(({ kind }) => kind))).toEqual(new Set(["function"]));
    const names = exports.map(({ name }) => name);
    for (const name of [
      "heap_base",
      "network_size",
      "network_lay",
      "network_parameters",
      "network_gradients",
      "network_parameter_count",
      ...["train", "predict", "evaluate", "compute_gradients", "update"].flatMap((kernel) => [
        `${kernel}_f32`,
        `${kernel}_f64`,
      ]),
    ]) {
      expect(names).toContain(name);
    }
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
  });

  it("has no state of its own: no mutable global, no table", () => {
    const { globals, tables } = inspect(binaryen.readBinary(bytes));
    expect(globals.filter(({ mutable }) => mutable)).toEqual([]);
    expect(globals.filter(({ imported }) => imported)).toEqual([]);
    expect(tables).toBe(0);
  });

  it("has no relaxed instruction", () => {
    const core = binaryen.readBinary(bytes);
    expect(inspect(core).relaxedInstructions).toEqual([]);
    core.setFeatures(STRICT_FEATURES);
    expect(core.validate()).toBe(1);
  });

  it("would be seen to have one", () => {
    const relaxed = binaryen.parseText(`(module
      (global $state (mut i32) (i32.const 0))
      (table 1 funcref)
      (func (export "madd") (param v128 v128 v128) (result v128)
        (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2))))`);
    const { relaxedInstructions, globals, tables } = inspect(relaxed);
    expect(relaxedInstructions).toEqual(["f32x4.relaxed_madd"]);
    expect(globals).toEqual([{ mutable: true, imported: false }]);
    expect(tables).toBe(1);
  });

  it("writes nothing when it is instantiated above its heap base, and nothing below 1024", async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    new Uint8Array(memory.buffer).fill(0x5a);
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const base = (exports as unknown as CoreExports).heap_base() >>> 0;
    expect(base).toBeGreaterThanOrEqual(1024);
    const touched = new Uint8Array(memory.buffer).findIndex(
      (byte, at) => byte !== 0x5a && (at < 1024 || at >= base),
    );
    expect(touched).toBe(-1);
  });
});

describe("a network in memory", () => {
  const LAYER = fc.record({
    units: fc.integer({ min: 1, max: 40 }),
    activation: fc.nat({ max: ACTIVATIONS.length - 1 }),
    useBias: fc.boolean(),
  });
  const DESCRIPTION = fc.record({
    elementSize: fc.constantFrom(4, 8),
    inputs: fc.integer({ min: 1, max: 40 }),
    layers: fc.array(LAYER, { minLength: 1, maxLength: 6 }),
    loss: fc.nat({ max: LOSSES.length - 1 }),
    mean: fc.boolean(),
  });
  type Description = typeof DESCRIPTION extends fc.Arbitrary<infer T> ? T : never;

  let core: CoreExports;
  let memory: WebAssembly.Memory;

  beforeAll(async () => {
    memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
    const { instance } = await WebAssembly.instantiate(await readFile(CORE), { env: { memory } });
    core = instance.exports as unknown as CoreExports;
  });

  function write({ elementSize, inputs, layers, loss, mean }: Description, version = 1): number {
    const address = Math.ceil(core.heap_base() / 64) * 64;
    const view = new DataView(memory.buffer, address);
    [version, elementSize, inputs, layers.length, loss, Number(mean)].forEach((word, i) => {
      view.setUint32(4 * i, word, true);
    });
    view.setFloat64(24, 1e-7, true);
    layers.forEach(({ units, activation, useBias }, i) => {
      const at = 32 + 24 * i;
      view.setUint32(at, units, true);
      view.setUint32(at + 4, activation, true);
      view.setUint32(at + 8, Number(useBias), true);
      view.setFloat64(at + 16, 0.01, true);
    });
    return address;
  }

  it("takes as many bytes as were said, with its parameters and gradients among them", () => {
    fc.assert(
      fc.property(DESCRIPTION, (description) => {
        const written = write(description);
        const size = core.network_size(written);
        const network = written + 1024;
        if (memory.buffer.byteLength < network + size) memory.grow(Math.ceil(size / 65536));
        new Uint8Array(memory.buffer, network, size).fill(0);
        expect(core.network_lay(network, written) >>> 0).toBe(network + size);
        expect(size % 64).toBe(0);

        let width = description.inputs;
        let count = 0;
        for (const { units, useBias } of description.layers) {
          count += (width + Number(useBias)) * units;
          width = units;
        }
        expect(core.network_parameter_count(network)).toBe(count);
        const parameters = core.network_parameters(network);
        const gradients = core.network_gradients(network);
        expect([parameters % 64, gradients % 64]).toEqual([0, 0]);
        expect(parameters).toBeGreaterThan(network);
        expect(gradients - parameters).toBeGreaterThanOrEqual(count * description.elementSize);
        expect(network + size - gradients).toBeGreaterThan(count * description.elementSize);
      }),
      { numRuns: 300 },
    );
  });

  it("needs no bytes that JavaScript would take for negative, or for fewer", () => {
    const layer = { units: 2 ** 20, activation: 0, useBias: true };
    const description: Description = {
      elementSize: 8,
      inputs: 2 ** 20,
      layers: [layer],
      loss: 0,
      mean: true,
    };
    expect(core.network_size(write(description))).toBeGreaterThan(2 * 2 ** 43);
  });

  it("is not laid by a description of another version", () => {
    const layer = { units: 2, activation: 0, useBias: true };
    const description: Description = { elementSize: 8, inputs: 2, layers: [layer], loss: 0, mean: true };
    expect(core.network_size(write(description, 1))).toBeGreaterThan(0);
    expect(core.network_size(write(description, 2))).toBe(0);
  });
});

describe("loading", () => {
  it("happens once", async () => {
    const core = await sharedCore();
    await loadCore(new Uint8Array([1, 2, 3]));
    expect(await sharedCore()).toBe(core);
  });

  it("of what is no module says so, and may be tried again", async () => {
    const { sharedCore: load } = await freshCore();
    await expect(load(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({
      name: "BackpropError",
      code: "coreUnavailable",
      message: expect.stringMatching(/core could not be loaded: .+loadCore\(\)/s),
      cause: expect.any(WebAssembly.CompileError),
    });
    const core = await load(new Uint8Array(await readFile(CORE)));
    expect(core.exports.heap_base()).toBeGreaterThan(0);
  });

  it("finds the file also where Node does not give its file system at once", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    const { sharedCore: load } = await freshCore();
    expect((await load()).exports.heap_base()).toBeGreaterThan(0);
    vi.restoreAllMocks();
  });

  it("does not make Node load its HTTP client, which takes longer than all the rest", () => {
    const library = new URL("../build/index.js", import.meta.url);
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

  it("takes a compiled module", async () => {
    const { sharedCore: load } = await freshCore();
    const module = await WebAssembly.compile(await readFile(CORE));
    expect((await load(module)).exports.heap_base()).toBeGreaterThan(0);
  });
});

/** A copy of the module that has not loaded the core yet. */
async function freshCore(): Promise<typeof import("../src/core.js")> {
  vi.resetModules();
  return import("../src/core.js");
}
