// Reads Markdown pages: their code blocks, links and anchors.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The project's pages, by their paths from the root. */
export const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "bench/peers/README.md",
  ...readdirSync(`${ROOT}docs`)
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

/** The text of a page. */
export function readPage(path: string): string {
  return readFileSync(`${ROOT}${path}`, "utf8");
}

/** A code block, and the comments about it. */
export interface CodeBlock {
  readonly page: string;
  /** The line of the page on which it begins, from 1. */
  readonly line: number;
  /** For example "ts"; "" if the block names no language. */
  readonly language: string;
  readonly code: string;
  /** The program's output: the following block, if it names no language. */
  readonly output: string | undefined;
  /** Why the program is not run: the text of a comment `<!-- not run: … -->` or `<!-- not compiled: … -->` above it. */
  readonly notRun: string | undefined;
  /** Why the program is not compiled: the text of a comment `<!-- not compiled: … -->`. */
  readonly notCompiled: string | undefined;
}

const BLOCK = /(?:^<!-- not (run|compiled): (.+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm;

/** All code blocks of the page, in their order. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readPage(page);
  const matches = [...text.matchAll(BLOCK)];
  return matches.map((match, i) => {
    const [all, , reason, language = "", code = ""] = match;
    const line = text.slice(0, match.index).split("\n").length + (reason ? 1 : 0);
    const next = matches[i + 1];
    const isAdjacent = next?.index === match.index + all.length + 2;
    const output = language && isAdjacent && next[3] === "" ? next[4] : undefined;
    const notCompiled = match[1] === "compiled" ? reason : undefined;
    return { page, line, language, code, output, notRun: reason, notCompiled };
  });
}

/** The page without its code blocks and code spans. */
function prose(page: string): string {
  return readPage(page)
    .replace(BLOCK, "")
    .replace(/`[^`\n]*`/g, "");
}

/** The targets of the page's links. */
export function linksOf(page: string): string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** The anchors of the page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of readPage(page)
    .replace(BLOCK, "")
    .matchAll(/^#+ (.+)$/gm)) {
    const text = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    let unique = anchor;
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}
