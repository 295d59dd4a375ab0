// Reads Markdown pages: their code blocks, links and anchors.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { slugOf } from "../../docs/.vitepress/markdown.js";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The project's pages, by their paths from the root. */
export const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "bench/peers/README.md",
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".md") && !/^(node_modules|dist|reference|repository)\//.test(file))
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
  /** Whether the block is the output of the program above it. */
  readonly isOutput: boolean;
  /** Why the program is not run: the text of a comment `<!-- not run: … -->` or `<!-- not compiled: … -->` above it. */
  readonly notRun: string | undefined;
  /** Why the program is not compiled: the text of a comment `<!-- not compiled: … -->`. */
  readonly notCompiled: string | undefined;
  /** The block is the content of a file for the following programs: the text of a comment `<!-- file: … -->`. */
  readonly file: string | undefined;
  /** The file of the repository that the block quotes: the text of a comment `<!-- quote: … -->`. */
  readonly quote: string | undefined;
}

const BLOCK = /(?:^<!-- (not run|not compiled|file|quote): (.+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm;

/** All code blocks of the page, in their order. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readPage(page);
  const matches = [...text.matchAll(BLOCK)];
  const outputOf = (i: number) => {
    const [match, next] = [matches[i], matches[i + 1]];
    const isAdjacent = match && next && next.index === match.index + match[0].length + 2;
    return isAdjacent && match[3] !== "" && next[3] === "" ? next[4] : undefined;
  };
  return matches.map((match, i) => {
    const [, mark, comment, language = "", code = ""] = match;
    return {
      page,
      line: text.slice(0, match.index).split("\n").length + (mark ? 1 : 0),
      language,
      code,
      output: outputOf(i),
      isOutput: outputOf(i - 1) !== undefined,
      notRun: mark?.startsWith("not") ? comment : undefined,
      notCompiled: mark === "not compiled" ? comment : undefined,
      file: mark === "file" ? comment : undefined,
      quote: mark === "quote" ? comment : undefined,
    };
  });
}

/** The page without its code blocks and code spans. */
export function proseOf(page: string): string {
  return readPage(page)
    .replace(BLOCK, "")
    .replace(/`[^`\n]*`/g, "");
}

/** The targets of the page's links. */
export function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** The anchors of the page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of readPage(page)
    .replace(BLOCK, "")
    .matchAll(/^#+ (.+)$/gm)) {
    const anchor = slugOf(heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"));
    let unique = anchor;
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}
