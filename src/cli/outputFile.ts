// A file that is written piece by piece, and gets its name when it is complete.

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { attemptFile } from "../node/fileErrors.js";
import { fileCheckpoint } from "../node.js";
import type { Output } from "./output.js";

/** @throws BackpropError `fileNotFound` or `fileUnavailable` if the file cannot be written. */
export function openOutput(path: string): Output {
  // Checks the path. Nothing is written by it.
  fileCheckpoint(path);
  const target = existsSync(path) ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.tmp`;
  const attempt = <T>(work: () => T): T => attemptFile(path, "cannot be written", work);
  const file = attempt(() => openSync(temporary, "w"));
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    async write(text) {
      const bytes = Buffer.from(text);
      for (let begin = 0; begin < bytes.length; ) begin += attempt(() => writeSync(file, bytes, begin));
    },
    end() {
      attempt(() => fsyncSync(file));
      close();
      attempt(() => renameSync(temporary, target));
    },
    discard() {
      close();
      rmSync(temporary, { force: true });
    },
  };
}
