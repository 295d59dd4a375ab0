// The names that entry points export.

import { readFileSync } from "node:fs";
import { ROOT } from "./markdown.js";

/**
 * The names of the types that an entry point exports.
 *
 * @param entry Its file in src/, such as "index.ts".
 */
export function exportedTypes(entry: string): string[] {
  const source = (path: string) => readFileSync(`${ROOT}src/${path}`, "utf8");
  const namedTypes = (text: string) =>
    [...text.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, type, list]) =>
      list!
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "" && (type || name.startsWith("type ")))
        .map((name) => name.replace("type ", "")),
    );
  const index = source(entry);
  const modules = [...index.matchAll(/export \* from "\.\/(.*)\.js"/g)].map(([, path]) =>
    source(`${path}.ts`),
  );
  const declared = [index, ...modules].flatMap((text) =>
    [...text.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name!),
  );
  return [...namedTypes(index), ...modules.flatMap(namedTypes), ...declared];
}
