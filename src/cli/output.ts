// Standard output and standard error, whose readers may end before the program does.

import { once } from "node:events";

/** An exit status. 0: done. 1: not done, and one line on standard error says why. 2: wrong usage. */
export type Status = 0 | 1 | 2;

const CLOSED = ["EPIPE", "ERR_STREAM_DESTROYED"];

let isClosed = false;

/** From now on, a reader that ends early, such as `head`, is no error. A training goes on, and saves its model. */
export function allowClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!CLOSED.includes(error.code ?? "")) throw error;
      if (stream === process.stdout) isClosed = true;
    });
  }
}

/** Whether the program that read standard output has ended. */
export function isOutputClosed(): boolean {
  return isClosed;
}

/** Where text is written piece by piece. */
export interface Output {
  write(text: string): Promise<void>;
  /** Completes the output. */
  end(): void;
  /** Removes what was written, unless the output is complete. */
  discard(): void;
}

/** Waits for slow readers, so that memory stays bounded. */
export const STANDARD_OUTPUT: Output = {
  async write(text) {
    const { stdout } = process;
    if (isClosed || stdout.write(text)) return;
    await Promise.race([once(stdout, "drain"), once(stdout, "close")]).catch(() => {});
  },
  end: () => {},
  discard: () => {},
};

export function print(text: string): void {
  if (!isClosed) process.stdout.write(`${text}\n`);
}

export function printJson(value: object): void {
  print(JSON.stringify(value));
}

/** A remark, on standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A table with aligned columns. */
export function printTable(rows: readonly (readonly (string | number)[])[]): void {
  const texts = rows.map((row) => row.map(String));
  const widths = (texts[0] ?? []).map((_, column) => Math.max(...texts.map((row) => row[column]!.length)));
  for (const row of texts)
    print(
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
}

/** A figure with four significant digits. */
export function figure(x: number): string {
  return Number.isFinite(x) ? String(Number(x.toPrecision(4))) : String(x);
}
