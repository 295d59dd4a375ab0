import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

it("shows a program with its real output first", async () => {
  const readme = await readFile(`${root}README.md`, "utf8");
  const [, program, output] = /```js\n(.*?)```\n+```\n(.*?)```/s.exec(readme) ?? [];
  // In the package's own folder, where it can import the package by its name.
  const file = `${root}build/readme.mjs`;
  await writeFile(file, program!);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(stdout).toBe(output);
  } finally {
    await rm(file);
  }
});
