const CLEAR_LINE = "\r\x1b[2K";

/** Replaces the line that says what is being measured; without a text, takes it away. Only people need it. */
export function showProgress(text = ""): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE + text);
}
