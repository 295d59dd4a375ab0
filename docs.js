// Writes the tables of docs/internals.md: the structs, enums and constants of assembly/abi/, and the exports of
// assembly/index.ts and assembly/threads.ts. Offsets and numbers come from structs.js, meanings from the comments of the
// core's source.

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { generateStructs, readSources } from "./structs.js";

const ROOT = new URL("./", import.meta.url);
const PAGE = "docs/internals.md";

/** The parts of the page that are generated, between the comments `<!-- begin name -->` and `<!-- end name -->`. */
const PARTS = {
  structs: structTables,
  numbers: numberTables,
  exports: () => exportTable("assembly/index.ts"),
  "exports with threads": () => exportTable("assembly/threads.ts"),
};

/**
 * The page with new tables.
 *
 * @param {string} page
 * @returns {Promise<string>}
 */
export async function updateTables(page) {
  let updated = page;
  for (const [name, generate] of Object.entries(PARTS)) {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
    const [before, , after] = split(updated, begin, end);
    updated = `${before}${begin}\n\n${(await generate()).trim()}\n\n${end}${after}`;
  }
  return updated;
}

function split(text, begin, end) {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${PAGE} has no part between ${begin} and ${end}.`);
  return [text.slice(0, from), text.slice(from + begin.length, to), text.slice(to + end.length)];
}

/** The module that structs.js generates: `RunStruct`, `LossNumber`, `DESCRIPTION_VERSION` and the others. */
async function loadStructs() {
  const module = (await generateStructs(await readSources())).replaceAll(" as const", "");
  return import(`data:text/javascript,${encodeURIComponent(module)}`);
}

async function structTables() {
  const structs = await loadStructs();
  const all = await declared(/^export class (\w+) \{\n/gm);
  const enums = await declared(/^export const enum (\w+) \{\n/gm);
  const names = { struct: all.map(({ name }) => name), enum: enums.map(({ name }) => name) };
  return all
    .map(({ name, comment, body }) => {
      const { size, fields } = structs[`${name}Struct`];
      const rows = membersOf(body, /^ {2}(\w+): ([^;]+);/gm).map((field) => {
        const { offset, type } = fields[field.name];
        const meaning = meaningOf(field, name);
        return [String(offset), `\`${field.name}\``, describeType(field.type, type, names), meaning];
      });
      const text = [comment, `Size: ${size} bytes.`].filter(Boolean).join("\n\n");
      return section(name, text, ["offset", "field", "type", "meaning"], rows);
    })
    .join("\n\n");
}

/** The type that a host reads, with a link to the struct or enum that the core declares. */
function describeType(declaredType, type, names) {
  const link = `[${declaredType}](#${declaredType.toLowerCase()})`;
  if (names.struct.includes(declaredType)) return `${type}, address of ${link}`;
  return names.enum.includes(declaredType) ? `${type}, ${link}` : type;
}

async function numberTables() {
  const structs = await loadStructs();
  const enums = (await declared(/^export const enum (\w+) \{\n/gm)).map(({ name, comment, body }) => {
    const rows = membersOf(body, /^ {2}(\w+)(?: = [^,]+)?,/gm).map((member) => {
      const number = structs[`${name}Number`][member.name];
      return [String(number), `\`${member.name}\``, meaningOf(member, name)];
    });
    return section(name, comment, ["number", "name", "meaning"], rows);
  });
  const constants = Object.values(await readSources())
    .flatMap((source) => membersOf(source, /^export const (\w+)(?:: \w+)? = [^;]+;/gm))
    .filter(({ name }) => name in structs)
    .map((constant) => [`\`${constant.name}\``, String(structs[constant.name]), meaningOf(constant)]);
  return [...enums, section("Constants", "", ["constant", "value", "meaning"], constants)].join("\n\n");
}

async function exportTable(path) {
  const source = await readFile(new URL(path, ROOT), "utf8");
  const functions = membersOf(source, /^export function (\w+)\(([^)]*)\): (\w+)/gm);
  const rows = functions
    .filter(({ name }) => !name.endsWith("_f64"))
    .map((found) => {
      const { name, type: parameters, match } = found;
      const twin = name.replace(/_f32$/, "_f64");
      const names = twin === name ? `\`${name}\`` : `\`${name}\`, \`${twin}\``;
      const list = parameters.trim().replace(/,$/, "").replace(/\s+/g, " ");
      return [names, list && `\`${list}\``, `\`${match[3]}\``, meaningOf(found)];
    });
  return table(["function", "arguments", "result", "what it does"], rows);
}

/** The comment of a declaration, a member of `owner` if given. @throws Error if it has none. */
function meaningOf({ name, comment }, owner) {
  if (comment === "") throw new Error(`${owner ? `${owner}.${name}` : name} has no comment.`);
  return comment;
}

/** The declarations in assembly/abi/ that the pattern finds. */
async function declared(pattern) {
  return Object.values(await readSources()).flatMap((source) => declarations(source, pattern));
}

/** Declarations with a body, up to the first line that is only a brace. */
function declarations(source, pattern) {
  return membersOf(source, pattern).map(({ match, ...declaration }) => {
    const begin = match.index + match[0].length;
    return { ...declaration, body: source.slice(begin, source.indexOf("\n}", begin) + 1) };
  });
}

/** What the pattern finds: its first two groups, and the comment before it. Decorators may be in between. */
function membersOf(source, pattern) {
  return [...source.matchAll(pattern)].map((match) => {
    const before = source.slice(0, match.index).replace(/(^|\n)\s*@\w+\n$/, "$1");
    const [, comment = ""] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before) ?? [];
    return { name: match[1], type: match[2], comment: plain(comment), match };
  });
}

/** The text of a documentation comment. */
function plain(comment) {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
  return lines.join("\n").trim();
}

function section(heading, comment, header, rows) {
  const text = comment && `\n\n${linkFiles(comment)}`;
  return `### ${heading}${text}\n\n${table(header, rows)}`;
}

function table(header, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const cell = (text) => linkFiles(text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|"));
  return [line(header), line(header.map(() => "---")), ...rows.map((cells) => line(cells.map(cell)))].join(
    "\n",
  );
}

/** Turns the names of the core's files, such as training/run.ts, into links. */
function linkFiles(text) {
  return text.replace(/(?<![\w/`[])\w+\/\w+\.ts\b/g, (file) =>
    existsSync(new URL(`assembly/${file}`, ROOT)) ? `[${file}](../assembly/${file})` : file,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL(PAGE, ROOT);
  await writeFile(page, await updateTables(await readFile(page, "utf8")));
}
