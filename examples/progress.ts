import { Presets, SingleBar } from "cli-progress";
import type { Program } from "./seeds/program.js";

const FORMAT = { format: "{name}  {bar}  {value} of {total} epochs", barsize: 30, hideCursor: true };

/** Shows the progress of training on stderr: a bar on a terminal, otherwise one line. */
export async function withProgress<T>(
  { name, epochs }: Pick<Program, "name" | "epochs">,
  train: (onEpoch: (epoch: number) => void) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY) console.error(`Training ${name}: ${epochs} epochs`);
  const bar = new SingleBar(FORMAT, Presets.shades_classic);
  bar.start(epochs, 0, { name: name.padEnd(10) });
  try {
    return await train((epoch) => bar.update(epoch));
  } finally {
    bar.stop();
  }
}
