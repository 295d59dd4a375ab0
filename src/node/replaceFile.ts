// Replaces a file so that at every moment it is whole, with the old bytes or the new ones. A process may be killed, and
// the power may fail, at any moment: the new bytes are written to a temporary file, which gets the name when they are on
// the disk.

import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { BackpropError } from "../errors.js";
import { numbered, renamesFor } from "../saving/checkpoints.js";
import { codeOf } from "./fileErrors.js";

/**
 * Writes `bytes` to a file, which may exist. With `keep` above 1, what it had is kept as `path`.1, what that had as
 * `path`.2, and so on: `keep` files in all. Permissions of the file are kept, and a symbolic link stays one.
 */
export function replaceFile(path: string, bytes: Uint8Array, keep = 1): void {
  const target = targetOf(path);
  const old = requireReplaceable(target);
  const folder = dirname(target);
  removeLeftovers(target);
  withTemporary(target, (temporary) => {
    writeSynced(temporary, bytes, old);
    if (!old || keep === 1) {
      renameSync(temporary, target);
      return;
    }
    const second = numbered(target, 1);
    withTemporary(second, (kept) => {
      keepAs(target, kept);
      renameSync(temporary, target);
      // A killed process may leave a gap here, and one old file less. The newest one is already in its place.
      for (const [from, to] of renamesFor(target, keep, pathsIn(folder))) renameIfThere(from, to);
      renameSync(kept, second);
    });
  });
  syncFolder(folder);
}

/** The file that a path means: where a symbolic link points to, even if nothing is there. */
export function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
    return isLink ? targetOf(resolve(dirname(path), readlinkSync(path))) : path;
  }
}

/** The paths of everything in a folder. */
export function pathsIn(folder: string): readonly string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}

/**
 * The attributes of the file to replace; undefined if there is none. Throws if its folder does not exist or is
 * read-only, and if something is there that is no file, or read-only.
 */
export function requireReplaceable(target: string): Stats | undefined {
  accessSync(dirname(target), constants.W_OK);
  const stats = statSync(target, { throwIfNoEntry: false });
  if (!stats) return undefined;
  // Renaming would put a file in place of a device.
  if (!stats.isFile()) {
    throw new BackpropError(
      "fileUnavailable",
      `${target} is not a file, so it is not replaced. Give the path of a file.`,
    );
  }
  accessSync(target, constants.W_OK);
  return stats;
}

/** Temporary files are named after the process and the thread that writes them. A thread writes one file at a time. */
function temporaryOf(path: string): string {
  return `${path}.${process.pid}-${threadId}.tmp`;
}

const TEMPORARY = /^(?:\.\d+)?\.(\d+)-(\d+)\.tmp$/;

/** Removes the temporary files of threads that were killed. */
function removeLeftovers(target: string): void {
  for (const path of pathsIn(dirname(target))) {
    const [, pid, thread] = (path.startsWith(target) && TEMPORARY.exec(path.slice(target.length))) || [];
    if (pid && !mayBeWriting(Number(pid), Number(thread))) rmSync(path, { force: true });
  }
}

/** Whether a thread may still write its temporary file. This one does not: it begins now. */
function mayBeWriting(pid: number, thread: number): boolean {
  if (pid === process.pid) return thread !== threadId;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Calls `write` with the name of a temporary file, and removes that file unless it was renamed. */
function withTemporary(path: string, write: (temporary: string) => void): void {
  const temporary = temporaryOf(path);
  try {
    write(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeSynced(path: string, bytes: Uint8Array, old: Stats | undefined): void {
  const file = openSync(path, "wx");
  try {
    if (old) fchmodSync(file, old.mode & 0o7777);
    // Only root may give files away.
    if (old && process.geteuid?.() === 0) fchownSync(file, old.uid, old.gid);
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A second name for the file; a copy where the file system has no hard links. */
function keepAs(path: string, kept: string): void {
  try {
    linkSync(path, kept);
  } catch {
    copyFileSync(path, kept);
  }
}

/** Another process that writes the same files may have renamed this one first. */
function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** Why a folder cannot be synced: by the system (Windows), by its file system, or without permission to read it. */
const NOT_SYNCED = ["EISDIR", "EPERM", "EACCES", "EINVAL", "EBADF", "ENOTSUP"];

/** Puts renamed files on the disk, where the system can. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    if (!NOT_SYNCED.includes(codeOf(error) ?? "")) throw error;
  }
}
