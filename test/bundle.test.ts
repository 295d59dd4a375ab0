import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { bundle, sourcePath } from "../bundle.js";

it("gives entry points one BackpropError class", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bundle-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const second = join(folder, "second.ts");
  await writeFile(second, `export { BackpropError, dense } from ${JSON.stringify(sourcePath("index.ts"))};`);
  await bundle({ index: sourcePath("index.ts"), second }, folder);
  const load = (file: string) => import(pathToFileURL(join(folder, file)).href);
  const [index, other] = await Promise.all([load("index.js"), load("second.js")]);
  expect(other.BackpropError).toBe(index.BackpropError);
  expect(() => other.dense(0)).toThrow(index.BackpropError);
});
