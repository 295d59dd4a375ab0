// Compiles the core's module: from the library's own file, or from what a user gave.

import { CORE_URLS } from "../assets.js";
import { BackpropError } from "../errors.js";
import { reasonOf, show } from "../show.js";
import { attempt } from "../validation.js";
import { type Build, loadCall } from "./builds.js";
import { builtinModule } from "./builtins.js";
import { ADVICE, refused, unavailable } from "./loadErrors.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** The members of a Response that are used. A Blob has only `arrayBuffer`. */
interface Body {
  arrayBuffer(): Promise<ArrayBuffer>;
  readonly ok?: boolean;
  readonly status?: number;
  readonly statusText?: string;
  readonly url?: string;
}

interface FileSystem {
  readFileSync(url: URL): Bytes;
}

/**
 * The module in the library's own file. Where the file can be read at once, it is already compiled in the background
 * when this function returns: the caller can do other work meanwhile.
 */
export async function compileOwn(build: Build): Promise<WebAssembly.Module> {
  const url = urlOf(build);
  return url.protocol === "file:" ? compileFile(url, build) : compileFetched(url, build);
}

function urlOf(build: Build): URL {
  try {
    return CORE_URLS[build.file]();
  } catch (cause) {
    throw unavailable(
      `import.meta.url is not a URL here, so the library cannot locate ${build.file} (${reasonOf(cause)})`,
      ADVICE.importModule(build),
      cause,
    );
  }
}

async function compileFile(url: URL, build: Build): Promise<WebAssembly.Module> {
  const files = builtinModule<FileSystem>("fs");
  const bytes = readFile(files instanceof Promise ? await files : files, url, build);
  requireModule(bytes, `the file ${url.pathname} holds`, ADVICE.copyFile(build));
  return compileBytes(bytes, build);
}

function readFile(files: FileSystem, url: URL, build: Build): Bytes {
  try {
    return files.readFileSync(url);
  } catch (cause) {
    throw unavailable(reasonOf(cause), ADVICE.copyFile(build), cause);
  }
}

async function compileFetched(url: URL, build: Build): Promise<WebAssembly.Module> {
  const response = await explained(
    () => fetch(url),
    (cause) => unavailable(`${url} could not be fetched (${reasonOf(cause)})`, ADVICE.copyFile(build), cause),
  );
  return compileBytes(await bytesOf(response, url.href, ADVICE.copyFile(build)), build);
}

/** Checks the type of a source that is not needed. If it is a promise that is rejected, ignores it. */
export async function requireSource(given: unknown, build: Build): Promise<void> {
  let source: unknown;
  try {
    source = await given;
  } catch {
    return;
  }
  attempt("invalidOption", "source", () => {
    if (!isModule(source) && !isBody(source) && !isBinary(source)) throw notASource(source, build);
  });
}

/** The module that a user gave: itself, its bytes, or a response with them. */
export async function compileGiven(given: unknown, build: Build): Promise<WebAssembly.Module> {
  const source = await given;
  if (isModule(source)) return source as WebAssembly.Module;
  const advice = ADVICE.giveFile(build);
  if (isBody(source)) return compileBytes(await bytesOf(source, source.url || "the response", advice), build);
  if (!isBinary(source)) throw notASource(source, build);
  const bytes = asBytes(source);
  requireModule(bytes, "the source is", advice);
  return compileBytes(bytes, build);
}

function compileBytes(bytes: Bytes, build: Build): Promise<WebAssembly.Module> {
  return explained(
    () => WebAssembly.compile(bytes),
    (cause) => refused(cause, build),
  );
}

/** The bytes of a core. Compiling from the Response would fail if the server does not send the type of .wasm files. */
async function bytesOf(response: Body, name: string, advice: string): Promise<Bytes> {
  if (response.ok === false) {
    throw unavailable(`${name} answered ${response.status} ${response.statusText}`.trim(), advice);
  }
  const bytes = asBytes(await response.arrayBuffer());
  requireModule(bytes, `${name} answered with`, advice);
  return bytes;
}

/** A server that does not have the file may answer with a page instead of an error. */
function requireModule(bytes: Bytes, subject: string, advice: string): void {
  const start = String.fromCharCode(...bytes.subarray(0, 100));
  if (start.startsWith("\0asm")) return;
  const kind = /^\s*</.test(start) ? "an HTML page" : `${bytes.length} bytes`;
  throw unavailable(`${subject} ${kind}, which is not a WebAssembly module`, advice);
}

function notASource(source: unknown, build: Build): BackpropError {
  return new BackpropError(
    "invalidOption",
    `${loadCall(build, "source")} is given ${show(source)}; expected a WebAssembly.Module, the bytes of ${build.file} ` +
      "(an ArrayBuffer or a view of one), a Response with them, or a promise of one of these.",
  );
}

function isModule(source: unknown): boolean {
  return tagOf(source) === "WebAssembly.Module";
}

function isBinary(source: unknown): source is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return ArrayBuffer.isView(source) || /^(Shared)?ArrayBuffer$/.test(tagOf(source));
}

function isBody(source: unknown): source is Body {
  return typeof (source as Partial<Body> | null | undefined)?.arrayBuffer === "function";
}

/** The name of a built-in class. Unlike `instanceof`, this works for objects of another realm. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function asBytes(source: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Bytes {
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** The result of `action`. If it fails, throws the error that `explain` returns for the cause. */
async function explained<T>(
  action: () => T | Promise<T>,
  explain: (cause: unknown) => BackpropError,
): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw explain(cause);
  }
}
