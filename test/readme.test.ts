// The README and docs/api.md: what they list.

import { describe, expect, it } from "vitest";
import * as browser from "../src/browser.js";
import * as datasets from "../src/datasets.js";
import * as formats from "../src/formats.js";
import * as library from "../src/index.js";
import * as inWorker from "../src/inWorker.js";
import { Network } from "../src/network.js";
import * as node from "../src/node.js";
import * as table from "../src/table.js";
import { exportedTypes } from "./support/exports.js";
import { codeBlocks, readPage } from "./support/markdown.js";

const MAX_LINES = 150;

/** What the class has for other files of the library. */
const INTERNAL = new Set(["constructor", "trainable"]);

describe("README.md", () => {
  const readme = readPage("README.md");

  it(`has at most ${MAX_LINES} lines`, () => {
    expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(MAX_LINES);
  });

  it("shows as its first block a program with its output", () => {
    const [first] = codeBlocks("README.md").filter(({ language }) => language !== "sh");
    expect(first).toMatchObject({ language: "js", output: expect.stringContaining("accuracy") });
  });

  it("names each exported value", () => {
    expect(missingFrom(readme, Object.keys(library))).toEqual([]);
  });
});

describe("docs/api.md", () => {
  const page = readPage("docs/api.md");

  it("names each exported value once in the first column of its first table", () => {
    const [table] = page.split("\n## ");
    const cells = [...table!.matchAll(/^\| (\[?`[^|]*) \|/gm)].map(([, cell]) => cell!);
    const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)[^`]*`/g)].map(([, name]) => name!));
    expect(names.toSorted()).toEqual(Object.keys(library).toSorted());
  });

  it("names each exported type, and each method and property of a network", () => {
    expect(missingFrom(page, exportedTypes("index.ts"))).toEqual([]);
    const members = Object.getOwnPropertyNames(Network.prototype);
    const names = members.filter((name) => !INTERNAL.has(name));
    expect(missingFrom(page, ["parameters", "buffers", ...names])).toEqual([]);
  });
});

describe("docs/api.md and README.md", () => {
  it.each([
    ["worker", inWorker, "inWorker.ts"],
    ["node", node, "node.ts"],
    ["browser", browser, "browser.ts"],
    ["table", table, "table.ts"],
    ["formats", formats, "formats.ts"],
    ["datasets", datasets, "datasets.ts"],
  ])("name each value and type that backprop-wasm/%s exports", (name, entry, file) => {
    const [, rest] = readPage("docs/api.md").split(`\n## backprop-wasm/${name}\n`);
    const [part] = rest!.split("\n## ");
    expect(missingFrom(part!, [...Object.keys(entry), ...exportedTypes(file)])).toEqual([]);
    expect(missingFrom(readPage("README.md"), Object.keys(entry))).toEqual([]);
  });
});

function missingFrom(text: string, names: readonly string[]): string[] {
  return names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
}
