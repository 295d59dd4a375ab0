// docs/moving/: the names that the tables give for this library.

import { describe, expect, it } from "vitest";
import * as browser from "../src/browser.js";
import * as formats from "../src/formats.js";
import * as library from "../src/index.js";
import { Network } from "../src/network.js";
import * as node from "../src/node.js";
import * as table from "../src/table.js";
import { PAGES, readPage } from "./support/markdown.js";

const FUNCTIONS = new Set([library, table, formats, node, browser].flatMap((entry) => Object.keys(entry)));
const MEMBERS = new Set([...Object.getOwnPropertyNames(Network.prototype), "parameters", "buffers"]);

/** What the tables call besides the network and the exports: methods of a scaler, of an array and of the console. */
const OTHERS = new Set(["fit", "transform", "inverse", "at", "log"]);

const MOVING = PAGES.filter((page) => page.startsWith("docs/moving/"));

/** The code in the last column of the tables whose head says "here". */
function codeHere(page: string): string[] {
  const tables = readPage(page)
    .split("\n\n")
    .filter((block) => /^\|.*\| here \|\n/.test(block));
  const rows = tables.flatMap((block) => block.trim().split("\n").slice(2));
  const cells = rows.map((row) => row.split(/(?<!\\)\|/).at(-2)!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));
}

describe.each(MOVING)("%s", (page) => {
  const code = codeHere(page);

  it("calls functions that the library exports, and methods that a network has", () => {
    const calls = code.flatMap((text) => [...text.matchAll(/([\w.]*?)(\w+)\(/g)]);
    const unknown = calls.filter(([, owner, name]) => {
      if (OTHERS.has(name!)) return false;
      return owner === "network." ? !MEMBERS.has(name!) : !(FUNCTIONS.has(name!) || MEMBERS.has(name!));
    });
    expect(calls).not.toEqual([]);
    expect(unknown.map(([call]) => call)).toEqual([]);
  });

  it("names losses and activations that the library has", () => {
    const names = code.flatMap((text) => /^"(\w+)"$/.exec(text)?.[1] ?? []);
    const known: readonly string[] = [...library.LOSSES, ...library.ACTIVATIONS];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});
