// Trains the notebooks' programs, and prints the figures of their sources and ours.

import { Command } from "commander";
import { exitOnUsageError, parseSeed } from "./arguments.js";
import { formatComparison } from "./comparison.js";
import { type Result, run } from "./run.js";
import { PROGRAMS } from "./seeds/programs.js";

const { json, rng } = exitOnUsageError(new Command("npm run seeds --"))
  .description("Trains the six programs of the notebooks, and prints their figures and ours.")
  .option("--json", "print all of our figures at full precision, one JSON object a line")
  .option("--rng <seed>", "the seed of all programs, instead of their own", parseSeed)
  .parse()
  .opts<{ json?: true; rng?: number }>();

for (const program of PROGRAMS) {
  const result = await run(program, undefined, rng);
  console.log(json ? formatJson(result) : formatComparison(result));
}

function formatJson({ program, figures }: Result): string {
  return JSON.stringify({ program: program.name, ...figures });
}
