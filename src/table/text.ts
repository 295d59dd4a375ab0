// The text of files, responses and streams, in pieces.

import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { asBackpropError, attempt } from "../validation.js";

/** Text, or its bytes. */
export type TextChunk = string | Uint8Array | ArrayBuffer;

/** Where text comes from. A stream of Node is an AsyncIterable. */
export type TextSource =
  | TextChunk
  | Blob
  | Response
  | ReadableStream<TextChunk>
  | AsyncIterable<TextChunk>
  | Iterable<TextChunk>;

/** The maximum length of a piece, in bytes or characters. Larger chunks are cut. */
export const PIECE = 2 ** 16;

const BYTE_ORDER_MARK = "\ufeff";

const EXPECTED =
  "text, a Uint8Array, a Blob, a Response, a ReadableStream, or an iterable or async iterable of text or bytes";

/** @throws BackpropError `invalidOption` unless there is such an encoding. */
export function createDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new BackpropError(
      "invalidOption",
      `encoding is ${show(encoding)}; expected the name of an encoding, such as "utf-8" or "windows-1252".`,
      { cause },
    );
  }
}

/**
 * The pieces of a text, without its byte-order mark.
 *
 * @throws BackpropError `invalidData` if the source is of another kind or fails, if the status of a response is not
 *   "ok", or if bytes are not text in the encoding of the decoder.
 */
export async function* readText(source: unknown, decoder: TextDecoder): AsyncGenerator<string, void, void> {
  let isFirst = true;
  for await (const piece of decode(source, decoder)) {
    if (piece === "") continue;
    yield isFirst && piece.startsWith(BYTE_ORDER_MARK) ? piece.slice(1) : piece;
    isFirst = false;
  }
}

async function* decode(source: unknown, decoder: TextDecoder): AsyncGenerator<string, void, void> {
  const iterator = attempt("invalidData", "source", () => open(source)[Symbol.asyncIterator]());
  try {
    for (;;) {
      const { done, value } = await next(iterator);
      if (done) break;
      yield* pieces(value, decoder);
    }
    yield decodeBytes(decoder, undefined);
  } finally {
    await iterator?.return?.();
  }
}

async function next(iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> {
  try {
    return await iterator.next();
  } catch (cause) {
    throw asBackpropError("invalidData", "source", cause);
  }
}

function* pieces(chunk: unknown, decoder: TextDecoder): Generator<string, void, void> {
  const whole = bytesOf(chunk) ?? chunk;
  if (typeof whole === "string") {
    for (let i = 0; i < whole.length; i += PIECE) yield whole.slice(i, i + PIECE);
  } else if (whole instanceof Uint8Array) {
    for (let i = 0; i < whole.length; i += PIECE) yield decodeBytes(decoder, whole.subarray(i, i + PIECE));
  } else {
    throw new BackpropError(
      "invalidData",
      `source has a chunk that is ${show(chunk)}; expected text or a Uint8Array.`,
    );
  }
}

/** Also the bytes of another realm, such as a frame. */
export function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const isBuffer = Object.prototype.toString.call(chunk) === "[object ArrayBuffer]";
  return isBuffer ? new Uint8Array(chunk as ArrayBuffer) : undefined;
}

/** `bytes`: undefined at the end. */
function decodeBytes(decoder: TextDecoder, bytes: Uint8Array | undefined): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch (cause) {
    throw new BackpropError(
      "invalidData",
      `source is not text in ${decoder.encoding}. Give its encoding, such as encoding: "windows-1252".`,
      { cause },
    );
  }
}

function open(source: unknown): AsyncIterable<unknown> {
  if (typeof source === "string" || bytesOf(source)) return iterate([source]);
  const given = source as Partial<Response & Blob & ReadableStream & AsyncIterable<unknown>>;
  if (typeof source === "object" && source !== null) {
    if (typeof given.getReader === "function") return readStream(source as ReadableStream<unknown>);
    if (typeof given.stream === "function") return readStream(given.stream());
    if ("body" in given && typeof given.ok === "boolean") return openResponse(source as Response);
    if (Symbol.asyncIterator in given) return given as AsyncIterable<unknown>;
    if (Symbol.iterator in given) return iterate(given as unknown as Iterable<unknown>);
  }
  throw new BackpropError("invalidData", `source is ${show(source)}; expected ${EXPECTED}.`);
}

function openResponse({ ok, status, body }: Response): AsyncIterable<unknown> {
  if (ok) return body ? readStream(body) : iterate([]);
  throw new BackpropError("invalidData", `source is a response of status ${status}; expected a status "ok".`);
}

async function* iterate(chunks: Iterable<unknown>): AsyncGenerator<unknown, void, void> {
  yield* chunks;
}

/** Not every browser can iterate over streams. */
async function* readStream(stream: ReadableStream<unknown>): AsyncGenerator<unknown, void, void> {
  const reader = stream.getReader();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isDone = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!isDone) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}
