const CLEAR_LINE = "\r\x1b[2K";

/** Replaces the progress line on a terminal; without a text, removes it. */
export function showProgress(text = ""): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE + text);
}
