// Writes the reference: all exports of all entry points that package.json has, by TypeDoc from the docstrings.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Comment, Converter, ReflectionKind } from "typedoc";

const CONFIGURATION = fileURLToPath(new URL("../typedoc.json", import.meta.url));
const pathOf = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The source of each entry point by the name that programs import: { "backprop-wasm/node": "src/node.ts", … }. */
function entryPoints() {
  const { name, exports } = JSON.parse(readFileSync(pathOf("package.json"), "utf8"));
  const sources = Object.entries(exports).flatMap(([path, { types }]) => {
    const [, source] = /^\.\/build\/(\w+)\.d\.ts$/.exec(types?.default) ?? [];
    return source ? [[name + path.slice(1), `src/${source}.ts`]] : [];
  });
  return Object.fromEntries(sources);
}

/** @throws Error if TypeDoc finds an error or warns. */
export async function writeReference() {
  const entries = entryPoints();
  const app = await Application.bootstrapWithPlugins({
    options: CONFIGURATION,
    entryPoints: Object.values(entries).map(pathOf),
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => nameModules(project, entries));
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => linkNames(project));
  const project = await app.convert();
  if (project) await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error("TypeDoc found the problems above.");
}

/** Gives modules the names that programs import, and the comments at the beginning of their sources. */
function nameModules(project, entries) {
  for (const [name, source] of Object.entries(entries)) {
    const module = project.getChildByName([basename(source, ".ts")]);
    const [comment = ""] = /^(\/\/ .*\n)+/.exec(readFileSync(pathOf(source), "utf8")) ?? [];
    const text = comment
      .replace(/^\/\/ /gm, "")
      .replace(/^The entry point [\w/-]+: (.)/, (_, first) => first.toUpperCase());
    module.name = name;
    module.comment ??= new Comment([{ kind: "text", text }]);
  }
}

/** Turns the names of exports in docstrings, such as `adam`, into links. */
function linkNames(project) {
  const exported = new Map(
    project.children.flatMap((module) => module.children.map((child) => [child.name, child])).reverse(),
  );
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    const link = (parts) => parts.flatMap((part) => linkedPart(part, exported, reflection));
    const { comment } = reflection;
    if (!comment) continue;
    comment.summary = link(comment.summary);
    for (const tag of comment.blockTags) tag.content = link(tag.content);
  }
}

/** A part of a comment: code that is a name, or the text after `@throws`, which begins with the name of a class. */
function linkedPart(part, exported, reflection) {
  const [, name, rest] = /^`(\w+)`()$/.exec(part.text) ?? /^(BackpropError)\b(.*)$/s.exec(part.text) ?? [];
  const target = exported.get(name);
  if (!target || isInside(reflection, target)) return part;
  return [
    { kind: "inline-tag", tag: "@linkcode", text: name, target },
    { kind: "text", text: rest },
  ];
}

function isInside(reflection, container) {
  return reflection === container || Boolean(reflection.parent && isInside(reflection.parent, container));
}
