import { readFileSync } from "node:fs";

/** The version of a package in node_modules. @param {string} name */
export function versionOf(name) {
  const url = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")).version;
}
