// The code blocks of all pages: each is run, or says why not. The blocks of a page run in one folder, in their order, as
// a reader would run them. The folder has the package, and the data sets of examples/data/.

import { execFile, spawnSync } from "node:child_process";
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Consumer, createConsumer } from "./support/consumer.js";
import { type CodeBlock, codeBlocks, PAGES, ROOT } from "./support/markdown.js";
import { missingModules } from "./tools/python.js";

const run = promisify(execFile);
const { PYTHON = "python3" } = process.env;
const DATA = join(ROOT, "examples/data");

type Command = readonly [file: string, ...args: string[]];

/** How to run a block of a language, and what it needs that this machine does not have. */
interface Runner {
  command(block: CodeBlock): Command;
  missing(code: string): readonly string[];
}

const JAVASCRIPT: Runner = {
  command: (block) => [process.execPath, consumer.compiled(nameOf(block))],
  missing: () => [],
};
const PYTHON_RUNNER: Runner = {
  command: ({ code }) => [PYTHON, "-c", code],
  missing: (code) => missingModules(PYTHON, code),
};
const SHELL: Runner = {
  command: ({ code }) => ["sh", "-e", "-c", code],
  missing: (code) => [...code.matchAll(/^\w+/gm)].map(([name]) => name).filter((name) => !isInstalled(name)),
};

/** By language. JavaScript is compiled as TypeScript, too. "text" is no program: a drawing, a formula, headers. */
const RUNNERS: Readonly<Record<string, Runner>> = {
  js: JAVASCRIPT,
  ts: JAVASCRIPT,
  py: PYTHON_RUNNER,
  python: PYTHON_RUNNER,
  sh: SHELL,
};

const BLOCKS = PAGES.map((page) => [page, codeBlocks(page)] as const);
const COMPILED = BLOCKS.flatMap(([, blocks]) => blocks).filter(
  ({ language, notCompiled, file }) => RUNNERS[language] === JAVASCRIPT && !notCompiled && !file,
);

function isInstalled(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}

function nameOf({ page, line }: CodeBlock): string {
  return `${folderOf(page)}-${line}`;
}

function folderOf(page: string): string {
  return page.replaceAll(/\W/g, "-");
}

let consumer: Consumer;

beforeAll(async () => {
  consumer = await createConsumer(
    Object.fromEntries(COMPILED.map((block) => [nameOf(block), `${block.code}\nexport {};\n`])),
  );
});

afterAll(() => consumer?.remove());

describe.each(BLOCKS.filter(([, blocks]) => blocks.length > 0))("%s", (page, blocks) => {
  let folder: string;

  beforeAll(async () => {
    folder = await consumer.createFolder(folderOf(page));
    const tables = (await readdir(DATA)).filter((file) => file.endsWith(".csv"));
    for (const table of tables) await copyFile(join(DATA, table), join(folder, table));
  });

  it("has no block that is neither run, nor an output, nor a file, nor says why it is not run", () => {
    const isExplained = (block: CodeBlock) =>
      block.isOutput ||
      block.notRun ||
      block.file ||
      block.quote ||
      [...Object.keys(RUNNERS), "text"].includes(block.language);
    const others = blocks.filter((block) => !isExplained(block));
    expect(others.map(({ line, language }) => `${page}:${line} ${language}`)).toEqual([]);
  });

  for (const block of blocks.filter(({ isOutput }) => !isOutput)) {
    const { line, language, code, file, notRun, notCompiled, output = "" } = block;
    const runner = RUNNERS[language];
    if (file) {
      it(`line ${line} is the file ${file}`, () => writeFile(join(folder, file), code));
      continue;
    }
    if (!runner) continue;
    if (runner === JAVASCRIPT) {
      it.skipIf(notCompiled)(`line ${line} compiles under strict TypeScript`, () => {
        expect(consumer.errors[nameOf(block)]).toBeUndefined();
      });
    }
    const isRun = !notRun && runner.missing(code).length === 0;
    it.skipIf(!isRun)(`line ${line} runs as ${language}, and prints what the page says`, async () => {
      const [command, ...args] = runner.command(block);
      const { stdout, stderr } = await run(command, args, { cwd: folder });
      expect(stdout, stderr).toBe(output);
      if (runner === JAVASCRIPT) expect(stderr).toBe("");
    });
  }
});
