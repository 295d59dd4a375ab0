import { cpus } from "node:os";

/** Where and when, without which no time means anything. */
export function describeMachine(): string {
  const date = new Date().toISOString().slice(0, 10);
  const processor = cpus()[0]?.model ?? "unknown processor";
  return `Node ${process.version}, ${processor}, ${date}.`;
}
