// Trains the notebooks' programs, compares their figures with ours, and writes a report with loss curves and decision
// surfaces.

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { exitOnUsageError } from "./arguments.js";
import { formatComparison } from "./comparison.js";
import { withProgress } from "./progress.js";
import { predictInteractively } from "./prompt.js";
import { renderReport } from "./report/page.js";
import { type Result, run } from "./run.js";
import { program004 } from "./seeds/004.js";
import { PROGRAMS } from "./seeds/programs.js";

const { report, interactive } = exitOnUsageError(new Command("npm start --"))
  .description(
    "Trains the six programs of the notebooks, compares their figures with ours, and writes a report.",
  )
  .option("--report <file>", "the file of the report", "report.html")
  .option("--interactive", "then predict the inputs that you type, with the network of program 004")
  .parse()
  .opts<{ report: string; interactive?: true }>();

const results = await trainAll();
for (const result of results) console.log(formatComparison(result));
await writeReport(renderReport(results));
if (interactive) await predictInteractively(networkOf004());
else console.log("To predict inputs that you type, run: npm start -- --interactive");

async function trainAll(): Promise<Result[]> {
  const trained: Result[] = [];
  for (const program of PROGRAMS)
    trained.push(await withProgress(program, (onEpoch) => run(program, onEpoch)));
  console.error();
  return trained;
}

async function writeReport(html: string): Promise<void> {
  try {
    await writeFile(report, html);
    console.log(`Loss curves and decision surfaces are in ${resolve(report)}`);
  } catch (error) {
    console.error(`The report cannot be written: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function networkOf004() {
  return results.find(({ program }) => program === program004)!.network;
}
