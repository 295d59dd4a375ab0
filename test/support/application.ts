// Creates an application in which the package is installed as npm would publish it.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const TIMEOUT = 50_000;

const run = promisify(execFile);

export interface Application {
  readonly directory: string;
  /** Deletes the directory. */
  remove(): Promise<void>;
}

/**
 * Creates an application with the files of the directory `site`, if given, and the packed package. It has no
 * dependencies.
 */
export async function installApplication(site?: string): Promise<Application> {
  const directory = await mkdtemp(join(tmpdir(), "backprop-wasm-"));
  if (site) await cp(site, directory, { recursive: true });
  await writeFile(join(directory, "package.json"), '{ "type": "module" }\n');
  await installPackage(directory);
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** Evaluates `source`, an expression for a promise, in Node in the application's directory. Returns the result. */
export async function evaluateInNode<T>({ directory }: Application, source: string): Promise<T> {
  const program = `console.log(JSON.stringify(await ${source}));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: directory,
    timeout: TIMEOUT,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
}

/** Packs the package and unpacks it into node_modules of the directory. */
async function installPackage(directory: string): Promise<void> {
  const target = join(directory, "node_modules", "backprop-wasm");
  await mkdir(target, { recursive: true });
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", directory], {
    cwd: REPOSITORY,
    timeout: TIMEOUT,
    shell: process.platform === "win32",
  });
  const archive = (await readdir(directory)).find((name) => name.endsWith(".tgz"))!;
  await run("tar", ["-xzf", archive, "-C", target, "--strip-components=1"], { cwd: directory });
}
