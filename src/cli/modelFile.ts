// The files of models.

import { readFileSync } from "node:fs";
import { BackpropError } from "../index.js";
import { loadTableModel, type TableModel } from "../table.js";

/**
 * The model in a file.
 *
 * @throws BackpropError (rejects) with the path in its message.
 */
export async function loadModel(file: string, threads?: number): Promise<TableModel> {
  const bytes = readModel(file);
  try {
    return await loadTableModel(bytes, threads === undefined ? {} : { threads });
  } catch (cause) {
    if (!(cause instanceof BackpropError && cause.code === "invalidFile")) throw cause;
    throw new BackpropError("invalidFile", `${file}: ${cause.message}`, { cause });
  }
}

function readModel(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new BackpropError(
      code === "ENOENT" ? "fileNotFound" : "fileUnavailable",
      `The model ${file} cannot be read (${code}). Give the path of a file that backprop-wasm train made.`,
      { cause },
    );
  }
}
