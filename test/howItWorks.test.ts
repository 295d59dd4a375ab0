// docs/howItWorks/: the lines of the core that its pages quote, and the numbers in their text.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { codeBlocks, linksOf, PAGES, proseOf, ROOT } from "./support/markdown.js";

/** A number with as many decimals as a figure has; 0.5 and 0.25 are settings. */
const FIGURE = /-?\d+\.\d{3,}/g;

const HOW_IT_WORKS = PAGES.filter((page) => page.startsWith("docs/howItWorks/"));

interface Quote {
  readonly line: number;
  /** The path of the quoted file. */
  readonly file: string;
  readonly code: string;
}

function quotesOf(page: string): Quote[] {
  return codeBlocks(page).flatMap(({ line, code, quote }) => (quote ? [{ line, file: quote, code }] : []));
}

/** The lines without their indentation, which differs between a file and a quote. */
function trimmed(code: string): string {
  return code
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
}

it("has pages that quote the core", () => {
  expect(HOW_IT_WORKS.filter((page) => quotesOf(page).length > 0)).not.toEqual([]);
});

describe.each(HOW_IT_WORKS)("%s", (page) => {
  it("quotes whole lines of the files that it names", () => {
    const wrong = quotesOf(page).filter(({ file, code }) => {
      const source = trimmed(readFileSync(`${ROOT}${file}`, "utf8"));
      return !`\n${source}\n`.includes(`\n${trimmed(code)}\n`);
    });
    expect(wrong).toEqual([]);
  });

  it("links to each file that it quotes", () => {
    const links = linksOf(page).map((target) => target.replace(/^(\.\.\/)+/, ""));
    expect(quotesOf(page).filter(({ file }) => !links.includes(file))).toEqual([]);
  });

  it("has no figure in its text that no program of the page prints", () => {
    const printed = new Set(codeBlocks(page).flatMap(({ output = "" }) => output.match(FIGURE) ?? []));
    const figures = proseOf(page).match(FIGURE) ?? [];
    expect(figures.filter((figure) => !printed.has(figure))).toEqual([]);
  });
});
