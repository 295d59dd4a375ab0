import { cpus } from "node:os";

/** The version of Node, the processor and the date of a measurement. */
export function describeMachine(): string {
  const date = new Date().toISOString().slice(0, 10);
  const processor = cpus()[0]?.model ?? "unknown processor";
  return `Node ${process.version}, ${processor}, ${date}.`;
}
