// Links between pages, and the tables of docs/internals.md.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { updateTables } from "../docs.js";
import type { Struct } from "../src/abi/struct.js";
import {
  DescriptionStruct,
  LayerDescriptionStruct,
  OptimizerStruct,
  RunStruct,
  SamplesStruct,
} from "../src/abi/structs.js";
import { createNetwork, dense } from "../src/index.js";
import { anchorsOf, codeBlocks, linksOf, PAGES, ROOT, readPage } from "./support/markdown.js";
import { missingModules } from "./tools/python.js";

const { PYTHON = "python3" } = process.env;

/** What the program prints. */
function runPython(program: string, cwd: string): string {
  const { stdout, stderr } = spawnSync(PYTHON, ["-c", program], { cwd, encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout;
}

describe.each(PAGES)("%s", (page) => {
  it("links to files and headings that exist", () => {
    const broken = linksOf(page).filter((target) => !/^https?:/.test(target) && !exists(page, target));
    expect(broken).toEqual([]);
  });

  it("closes every code block", () => {
    expect(readPage(page).match(/^```/gm)?.length ?? 0).toBe(2 * codeBlocks(page).length);
  });
});

function exists(page: string, target: string): boolean {
  const [file, anchor] = target.split("#") as [string, string?];
  const path = file === "" ? page : posix.join(posix.dirname(page), file);
  if (!existsSync(`${ROOT}${path}`)) return false;
  if (anchor === undefined) return true;
  return path.endsWith(".md") ? anchorsOf(path).has(anchor) : hasLine(path, anchor);
}

/** Whether the anchor is that of a line of the file, such as L12. */
function hasLine(path: string, anchor: string): boolean {
  const [, line] = /^L([1-9]\d*)$/.exec(anchor) ?? [];
  return Number(line) <= readPage(path).trimEnd().split("\n").length;
}

describe("docs/internals.md", () => {
  const page = readPage("docs/internals.md");

  it("has the tables that docs.js generates (run `node docs.js` to update them)", async () => {
    expect(page).toBe(await updateTables(page));
  });

  it.each([
    ["core.wasm", "exports"],
    ["core.threads.wasm", "exports", "exports with threads"],
  ])("lists each export of build/%s with its arguments", (file, ...parts) => {
    const module = new WebAssembly.Module(readFileSync(`${ROOT}build/${file}`));
    const [imported] = WebAssembly.Module.imports(module);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: parts.length > 1 });
    const { exports } = new WebAssembly.Instance(module, {
      [imported!.module]: { [imported!.name]: memory },
    });
    const actual = Object.entries(exports).map(([name, value]) => [name, (value as () => void).length]);
    expect(parts.flatMap(listedExports).toSorted()).toEqual(actual.toSorted());
  });

  /** Name and number of arguments of each function in a generated table. */
  function listedExports(part: string): [string, number][] {
    const [, table] = page.split(new RegExp(`<!-- (?:begin|end) ${part} -->`));
    const rows = [...table!.matchAll(/^\| (`[^|]*`) \| ([^|]*) \| `/gm)];
    return rows.flatMap(([, names, parameters]) =>
      [...names!.matchAll(/\w+/g)].map(([name]): [string, number] => [
        name,
        parameters!.split(":").length - 1,
      ]),
    );
  }

  const [python] = codeBlocks("docs/internals.md").filter(({ language }) => language === "python");
  const formats = [...python!.code.matchAll(/^([A-Z_]+) = Struct\("<(\w+)"\)$/gm)];

  const STRUCTS: Record<string, Struct> = {
    DESCRIPTION: DescriptionStruct,
    LAYER_DESCRIPTION: LayerDescriptionStruct,
    OPTIMIZER: OptimizerStruct,
    SAMPLES: SamplesStruct,
    RUN: RunStruct,
  };

  it.each(Object.keys(STRUCTS))("packs %s in Python with the layout of the core", (name) => {
    const { size, fields } = STRUCTS[name]!;
    const [, format] = formats.find(([, found]) => found === name)!.slice(1);
    const packed = [...format!.matchAll(/(\d*)([Id])/g)].flatMap(([, count, code]) =>
      Array<string>(Number(count || 1)).fill(code === "d" ? "f64" : "u32"),
    );
    expect(packed).toEqual(Object.values(fields).map(({ type }) => type));
    expect(packed.reduce((sum, type) => sum + (type === "f64" ? 8 : 4), 0)).toBe(size);
  });
});

describe("docs/files.md", () => {
  const [python] = codeBlocks("docs/files.md").filter(({ language }) => language === "python");

  it.skipIf(missingModules(PYTHON, python!.code).length > 0)(
    "has two lines of Python that read the weights",
    async () => {
      const network = await createNetwork({
        inputs: 2,
        layers: [dense(8, "tanh"), dense(1, "sigmoid")],
        loss: "sigmoidCrossentropy",
      });
      const folder = mkdtempSync(join(tmpdir(), "docs-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, "xor.safetensors"), network.save());
      const print =
        "import json; print(json.dumps({ name: array.tolist() for name, array in weights.items() }))";
      const weights = JSON.parse(runPython(`${python!.code}\n${print}`, folder));
      const [first, second] = network.parameters;
      const columns = (kernel: number[][]) => kernel[0]!.map((_, i) => kernel.map((row) => row[i]));
      expect(weights).toMatchObject({
        "0.weight": columns(first.kernel.toArray() as number[][]),
        "0.bias": first.bias!.toArray(),
        "2.weight": columns(second.kernel.toArray() as number[][]),
        "2.bias": second.bias!.toArray(),
      });
    },
  );
});
