// The sidebar: the pages in the order in which they are read, then the reference as TypeDoc wrote it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Pages by their paths in docs/, without ".md". Each has its heading as its name, unless another is given. */
export const PAGES = {
  Guide: ["guide", "tables", "commandLine", "files", "formats", "environments"],
  Examples: ["notebooks", "realData"],
  "What is promised": ["determinism", "versions", "benchmarks"],
  "How it works": ["performance", "internals"],
  Project: [
    "api",
    "repository/CHANGELOG",
    ["repository/LICENSE", "Licence"],
    ["repository/LICENSE.third-party", "Licences of others"],
  ],
};

const KINDS = {
  functions: "Functions",
  variables: "Variables",
  classes: "Classes",
  interfaces: "Interfaces",
  "type-aliases": "Types",
};

export function sidebar() {
  const pages = Object.entries(PAGES).map(([text, list]) => ({ text, items: list.map(itemOf) }));
  return [...pages, { text: "Reference", link: "/reference/", items: entryPoints() }];
}

function itemOf(page) {
  const [path, text] = [page].flat();
  return { text: text ?? headingOf(path), link: `/${path}` };
}

function headingOf(path) {
  const [, heading] = /^# (.+)$/m.exec(readFileSync(pathOf(`${path}.md`), "utf8")) ?? [];
  if (heading === undefined) throw new Error(`docs/${path}.md has no heading`);
  return heading;
}

function entryPoints() {
  const others = foldersOf("backprop-wasm").filter((name) => !(name in KINDS));
  return ["backprop-wasm", ...others.map((name) => `backprop-wasm/${name}`)].map((name) => ({
    text: name,
    collapsed: true,
    link: `/reference/${name}/`,
    items: foldersOf(name)
      .filter((folder) => folder in KINDS)
      .map((folder) => ({ text: KINDS[folder], collapsed: true, items: membersOf(`${name}/${folder}`) })),
  }));
}

function membersOf(folder) {
  const files = readdirSync(pathOf(`reference/${folder}`));
  return files
    .map((file) => file.replace(/\.md$/, ""))
    .toSorted((a, b) => a.localeCompare(b, "en"))
    .map((text) => ({ text, link: `/reference/${folder}/${text}` }));
}

function foldersOf(name) {
  const folder = pathOf(`reference/${name}`);
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
