// The digest in the header of our files: SHA-256 of the file with zeros in place of the digest itself.

import { sha256 } from "@noble/hashes/sha2.js";

export { sha256 };

/** Fills the place of the digest until it is computed. */
export const NO_DIGEST = "0".repeat(64);

/** Writes the digest of a file in place of NO_DIGEST, which must be in its first `headerEnd` bytes. */
export function seal(file: Uint8Array, headerEnd: number): void {
  const at = indexOf(file, NO_DIGEST, headerEnd);
  file.set(bytesOf(digestOf(file, at)), at);
}

/** Whether the file has that digest, which is in its first `headerEnd` bytes. */
export function isIntact(file: Uint8Array, digest: string, headerEnd: number): boolean {
  const at = digest.length === NO_DIGEST.length ? indexOf(file, digest, headerEnd) : -1;
  return at >= 0 && digestOf(file, at) === digest;
}

/** SHA-256 of the file with NO_DIGEST at `at`, as hexadecimal digits. */
function digestOf(file: Uint8Array, at: number): string {
  const hash = sha256.create().update(file.subarray(0, at)).update(bytesOf(NO_DIGEST));
  return hexadecimal(hash.update(file.subarray(at + NO_DIGEST.length)).digest());
}

export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The first position of an ASCII text in the first `end` bytes; −1 if it is not there. */
function indexOf(file: Uint8Array, text: string, end: number): number {
  const wanted = bytesOf(text);
  for (let at = 0; at + wanted.length <= end; at++) {
    if (wanted.every((byte, i) => file[at + i] === byte)) return at;
  }
  return -1;
}

function bytesOf(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
}
