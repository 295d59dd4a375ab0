// Writes what the site has besides the pages in docs/: the reference, made by TypeDoc from the docstrings; the files of
// the repository that pages link to; and the playground, if it is built.

import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import MarkdownIt from "markdown-it";
import { pageOf, REPOSITORY, targetOf } from "./markdown.js";
import { writeReference } from "./reference.js";

const DOCS = fileURLToPath(new URL("../", import.meta.url));
const ROOT = join(DOCS, "..");
const PLAYGROUND = join(ROOT, "playground/dist");
const MADE = ["reference", REPOSITORY, "public/playground"];

/** Languages of files whose extension is not the name of one. */
const LANGUAGES = { "": "text", ".third-party": "text", ".txt": "text" };

await Promise.all(MADE.map((folder) => rm(join(DOCS, folder), { recursive: true, force: true })));
await writeReference();
await writeRepository();
if (existsSync(PLAYGROUND)) await cp(PLAYGROUND, join(DOCS, "public/playground"), { recursive: true });

/** Writes a page for each file that a page links to, and for those that these link to. */
async function writeRepository() {
  const written = new Set();
  const pages = readdirSync(DOCS, { recursive: true })
    .filter((path) => path.endsWith(".md") && !/^(node_modules|dist|reference)\b/.test(path))
    .map((path) => `docs/${path}`);
  const files = ["CHANGELOG.md", "LICENSE", "LICENSE.third-party"];
  const queue = [...files, ...(await Promise.all(pages.map(filesLinkedFrom))).flat()];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (file.startsWith("docs/") || file === "README.md" || written.has(file)) continue;
    written.add(file);
    await writePage(file);
    if (file.endsWith(".md")) queue.push(...(await filesLinkedFrom(file)));
  }
}

async function filesLinkedFrom(page) {
  const tokens = new MarkdownIt().parse(await readFile(join(ROOT, page), "utf8"), {});
  const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === "link_open");
  return links.flatMap((link) => targetOf(page, link.attrGet("href"))?.file ?? []);
}

async function writePage(file) {
  const text = await readFile(join(ROOT, file), "utf8");
  const path = join(DOCS, pageOf(file));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file.endsWith(".md") ? text : sourcePage(file, text));
}

/** Source code as a page, each line with an anchor. The search does not find it: it would hide the documentation. */
function sourcePage(file, text) {
  const extension = extname(file);
  const language = LANGUAGES[extension] ?? extension.slice(1);
  const fence = "`".repeat(1 + Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  return `---\nsearch: false\naside: false\n---\n\n# ${file}\n\n${fence}${language}:line-numbers anchors\n${text}${fence}\n`;
}
