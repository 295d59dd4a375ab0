import { readFile } from "node:fs/promises";
import binaryen from "binaryen";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { StructView } from "../src/abi/struct.js";
import {
  ActivationNumber,
  DESCRIPTION_VERSION,
  LayerKindNumber,
  LossNumber,
  OptimizerKindNumber,
  SamplesStruct,
} from "../src/abi/structs.js";
import { ACTIVATIONS, LOSSES } from "../src/index.js";
import type { CoreExports } from "../src/wasm/core.js";
import { descriptionSize, writeDescription } from "./support/descriptions.js";

const CORE = new URL("../build/core.wasm", import.meta.url);

/** The features that the strict build may use. Not relaxed SIMD: its bits depend on the processor. */
const STRICT_FEATURES =
  binaryen.Features.MVP |
  binaryen.Features.MutableGlobals |
  binaryen.Features.SIMD128 |
  binaryen.Features.BulkMemory |
  binaryen.Features.SignExt |
  binaryen.Features.NontrappingFPToInt;

/** The other builds, and the features that each may use. */
const OTHER_BUILDS = [
  { file: "core.relaxed.wasm", isRelaxed: true, isShared: false, features: binaryen.Features.RelaxedSIMD },
  { file: "core.threads.wasm", isRelaxed: false, isShared: true, features: binaryen.Features.Atomics },
  {
    file: "core.relaxed.threads.wasm",
    isRelaxed: true,
    isShared: true,
    features: binaryen.Features.RelaxedSIMD | binaryen.Features.Atomics,
  },
];

/** The names of a function for each dtype. */
function ofBoth(name: string): string[] {
  return [`${name}_f32`, `${name}_f64`];
}

interface Inspection {
  readonly imports: string[];
  readonly relaxedInstructions: string[];
  readonly atomicInstructions: string[];
  readonly globals: { readonly mutable: boolean; readonly imported: boolean }[];
  readonly tables: number;
}

function inspect(module: binaryen.Module): Inspection {
  const text = module.emitText();
  const globals = Array.from({ length: module.getNumGlobals() }, (_, i) =>
    binaryen.getGlobalInfo(module.getGlobalByIndex(i)),
  );
  return {
    imports: [...text.matchAll(/\(import .*/g)].map(([line]) => line),
    relaxedInstructions: [...text.matchAll(/\b[\w.]*relaxed[\w.]*/g)].map(([name]) => name),
    atomicInstructions: [...text.matchAll(/\b[\w.]*atomic[\w.]*/g)].map(([name]) => name),
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

  it("exports exactly the functions that the wrapper calls", () => {
    const exports = WebAssembly.Module.exports(module);
    expect(new Set(exports.map(({ kind }) => kind))).toEqual(new Set(["function"]));
    const names = exports.map(({ name }) => name);
    for (const name of [
      "heap_base",
      "abi_version",
      "build_features",
      "add_in_vector",
      "network_check",
      "network_size",
      "network_layout",
      "network_parameters",
      "network_gradients",
      "network_parameter_count",
      "network_loss_scale",
      "samples_loss_scale",
      "network_set_seed",
      "network_set_optimizer",
      "network_optimizer",
      "network_step",
      "network_set_step",
      "permutation",
      "workspace_outputs",
      "workspace_output_gradients",
      "workspace_stride",
      ...["workspace_check", "workspace_size", "workspace_layout"].flatMap(ofBoth),
      ...["optimizer_check", "optimizer_size", "optimizer_layout", "run_check", "evaluate_check"].flatMap(
        ofBoth,
      ),
      ...["train", "predict", "evaluate", "compute_gradients", "parameters_are_finite"].flatMap(ofBoth),
      ...["forward", "complete_outputs", "pass_predictions", "output_magnitude"].flatMap(ofBoth),
      ...["loss", "backward", "update"].flatMap(ofBoth),
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

  it("has no relaxed and no atomic instructions, and its memory is not shared", () => {
    const core = binaryen.readBinary(bytes);
    const { imports, relaxedInstructions, atomicInstructions } = inspect(core);
    expect(relaxedInstructions).toEqual([]);
    expect(atomicInstructions).toEqual([]);
    expect(imports).toEqual([expect.not.stringContaining("shared")]);
    core.setFeatures(STRICT_FEATURES);
    expect(core.validate()).toBe(1);
  });

  it("is inspected by a function that finds state, relaxed and atomic instructions", () => {
    const relaxed = binaryen.parseText(`(module
      (global $state (mut i32) (i32.const 0))
      (table 1 funcref)
      (func (export "madd") (param v128 v128 v128) (result v128)
        (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
      (func (export "fence") (atomic.fence)))`);
    const { relaxedInstructions, atomicInstructions, globals, tables } = inspect(relaxed);
    expect(relaxedInstructions).toEqual(["f32x4.relaxed_madd"]);
    expect(atomicInstructions).toEqual(["atomic.fence"]);
    expect(globals).toEqual([{ mutable: true, imported: false }]);
    expect(tables).toBe(1);
  });

  it("writes only from address 1024 to its heap base when it is instantiated", async () => {
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

// Inspected by Binaryen, because Node 20 cannot compile all of them.
describe.each(OTHER_BUILDS)("the module $file", ({ file, isRelaxed, isShared, features }) => {
  let core: binaryen.Module;
  let inspection: Inspection;

  beforeAll(async () => {
    core = binaryen.readBinary(new Uint8Array(await readFile(new URL(file, CORE))));
    inspection = inspect(core);
  });

  it(`imports ${isShared ? "a shared" : "an unshared"} memory and nothing else`, () => {
    expect(inspection.imports).toEqual([expect.stringMatching(/^\(import "env" "memory" \(memory /)]);
    expect(/\bshared\b/.test(inspection.imports[0]!)).toBe(isShared);
  });

  it("has only the instructions that its build allows", () => {
    const { relaxedInstructions, atomicInstructions } = inspection;
    const expected = isRelaxed ? ["f32x4.relaxed_madd", "f64x2.relaxed_madd"] : [];
    expect([...new Set(relaxedInstructions)].filter((name) => name.endsWith("_madd")).sort()).toEqual(
      expected,
    );
    expect(relaxedInstructions.length > 0).toBe(isRelaxed);
    expect(atomicInstructions.length > 0).toBe(isShared);
    core.setFeatures(STRICT_FEATURES | features);
    expect(core.validate()).toBe(1);
  });

  it("has no state of its own: no mutable global, no table", () => {
    const { globals, tables } = inspection;
    expect(globals.filter(({ mutable, imported }) => mutable || imported)).toEqual([]);
    expect(tables).toBe(0);
  });

  it(`exports the functions of the strict build${isShared ? " and those of teams" : ""}`, async () => {
    const strict = binaryen.readBinary(new Uint8Array(await readFile(CORE)));
    const teams = ["network_set_team", "team_size", "team_stop", ...ofBoth("team_work")];
    const expected = [...exportsOf(strict), ...(isShared ? teams : [])];
    expect(exportsOf(core).sort()).toEqual(expected.sort());
  });
});

function exportsOf(module: binaryen.Module): string[] {
  return Array.from(
    { length: module.getNumExports() },
    (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name,
  );
}

describe("a network in memory", () => {
  const LAYER = fc.record({
    units: fc.integer({ min: 2, max: 40 }),
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
  /** The activation of the last layer that a fused loss needs. */
  const FUSED: Readonly<Record<number, number>> = {
    [LossNumber.SigmoidCrossentropy]: ActivationNumber.Sigmoid,
    [LossNumber.CategoricalCrossentropy]: ActivationNumber.Softmax,
    [LossNumber.SparseCategoricalCrossentropy]: ActivationNumber.Softmax,
    [LossNumber.KullbackLeibler]: ActivationNumber.Softmax,
    [LossNumber.Focal]: ActivationNumber.Sigmoid,
  };
  type Description = typeof DESCRIPTION extends fc.Arbitrary<infer T> ? T : never;

  let core: CoreExports;
  let memory: WebAssembly.Memory;

  beforeAll(async () => {
    memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
    const { instance } = await WebAssembly.instantiate(await readFile(CORE), { env: { memory } });
    core = instance.exports as unknown as CoreExports;
  });

  function write(description: Description, version: number = DESCRIPTION_VERSION): number {
    const { elementSize, inputs, layers, loss, mean } = description;
    const address = Math.ceil(core.heap_base() / 64) * 64;
    const { Huber, BinaryCrossentropy, Quantile, Focal } = LossNumber;
    const hasParameter = ([Huber, BinaryCrossentropy, Quantile, Focal] as number[]).includes(loss);
    const fields = { version, elementSize, inputs, loss, mean: Number(mean) };
    clear(address, descriptionSize(layers.length));
    writeDescription(
      memory,
      address,
      { ...fields, lossParameter: hasParameter ? 0.1 : 0 },
      layers.map(({ units, activation, useBias }, i) => ({
        kind: LayerKindNumber.Dense,
        units,
        activation: i === layers.length - 1 ? (FUSED[loss] ?? activation) : activation,
        useBias: Number(useBias),
      })),
    );
    return address;
  }

  /** Zeroes `size` bytes from `address` on, and grows memory if necessary. */
  function clear(address: number, size: number): void {
    const missing = address + size - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    new Uint8Array(memory.buffer, address, size).fill(0);
  }

  it("has its parameters and gradients within the bytes that network_size returns", () => {
    fc.assert(
      fc.property(DESCRIPTION, (description) => {
        const written = write(description);
        const size = core.network_size(written);
        const network = written + 1024;
        clear(network, size);
        core.network_layout(network, written);
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
        expect(network + size - gradients).toBeGreaterThanOrEqual(count * description.elementSize);
      }),
      { numRuns: 300 },
    );
  });

  it("has a positive size above 2 GiB, and the size 0 above 4 GiB", () => {
    const sizeOf = (units: number) => {
      const layer = { units, activation: 0, useBias: false };
      return core.network_size(
        write({ elementSize: 8, inputs: 2 ** 14, layers: [layer], loss: 0, mean: true }),
      );
    };
    expect(sizeOf(2 ** 13)).toBeGreaterThan(2 ** 31);
    expect(sizeOf(2 ** 14)).toBe(0);
  });

  it("is trained without touching memory outside its regions", () => {
    const ROWS = fc.integer({ min: 1, max: 300 });
    const THREADS = fc.integer({ min: 1, max: 4 });
    const GUARD = 0x5a;
    fc.assert(
      fc.property(DESCRIPTION, ROWS, THREADS, (description, rows, threads) => {
        const suffix = description.elementSize === 4 ? "f32" : "f64";
        const written = write(description);
        const regions: { address: number; size: number }[] = [];
        let end = written + 1024;
        const allocate = (size: number) => {
          expect(size % 64).toBe(0);
          const region = { address: end + 64, size };
          clear(end, size + 128);
          for (const guard of [end, region.address + size])
            new Uint8Array(memory.buffer, guard, 64).fill(GUARD);
          end = region.address + size;
          regions.push(region);
          return region.address;
        };
        const network = allocate(core.network_size(written));
        core.network_layout(network, written);
        const workspace = allocate(core[`workspace_size_${suffix}`](network, rows, threads));
        core[`workspace_layout_${suffix}`](network, workspace, rows, threads);
        const optimizer = allocate(core[`optimizer_size_${suffix}`](network, OptimizerKindNumber.Sgd, 0));
        core[`optimizer_layout_${suffix}`](network, optimizer, OptimizerKindNumber.Sgd, 0);
        core.network_set_optimizer(network, optimizer);
        const samples = end + 64;
        const capacity = Math.ceil(rows / 128) * 128;
        clear(samples, 64 + capacity * 80 * 8);
        new Uint8Array(memory.buffer, end, 64).fill(GUARD);
        new StructView(SamplesStruct, memory, samples).set({
          inputs: samples + 64,
          targets: samples + 64,
          rows: capacity,
          scale: 1,
        });
        core[`compute_gradients_${suffix}`](network, workspace, samples, 0, capacity, 0, 0);
        core[`update_${suffix}`](network, workspace);
        for (const { address, size } of regions) {
          for (const guard of [address - 64, address + size]) {
            expect(new Uint8Array(memory.buffer, guard, 64).every((byte) => byte === GUARD)).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("has the size 0 if its description is of another version", () => {
    const layer = { units: 2, activation: 0, useBias: true };
    const description: Description = { elementSize: 8, inputs: 2, layers: [layer], loss: 0, mean: true };
    expect(core.network_size(write(description))).toBeGreaterThan(0);
    for (const version of [0, DESCRIPTION_VERSION - 1, DESCRIPTION_VERSION + 1]) {
      expect(core.network_size(write(description, version))).toBe(0);
    }
  });
});
