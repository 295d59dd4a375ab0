// Trains the programs of the seeds, and prints what their sources print beside what comes out here.

import { Command } from "commander";
import { exitOnMisuse, parseSeed } from "./arguments.js";
import { formatComparison } from "./comparison.js";
import { type Result, run } from "./run.js";
import { PROGRAMS } from "./seeds/programs.js";

const { json, rng } = exitOnMisuse(new Command("npm run seeds --"))
  .description("Trains the six programs of the seeds, and prints their printed figures beside ours.")
  .option("--json", "print one JSON object a line instead, all figures at full precision")
  .option("--rng <seed>", "seed every program's random stream with this instead", parseSeed)
  .parse()
  .opts<{ json?: true; rng?: number }>();

for (const program of PROGRAMS) {
  const result = await run(program, undefined, rng);
  console.log(json ? formatJson(result) : formatComparison(result));
}

function formatJson({ program, figures }: Result): string {
  return JSON.stringify({ program: program.name, ...figures });
}
