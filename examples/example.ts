// Trains on real data, and prints the test score: `npm run example -- iris`.

import { Argument, Command } from "commander";
import { exitOnUsageError } from "./arguments.js";
import { withProgress } from "./progress.js";
import type { Example } from "./realData/example.js";
import { createExamples } from "./realData/examples.js";
import { FASHION_MNIST } from "./realData/fashionMnist.js";
import { meanOf } from "./realData/rows.js";

const NAMES = createExamples(FASHION_MNIST).map(({ name }) => name);

const command = exitOnUsageError(new Command("npm run example --"))
  .description(
    "Trains a network on real data. Ends with exit code 1 if its test score is below the figure to beat.",
  )
  .addArgument(new Argument("<name>", "the data").choices(NAMES))
  .option("--data <folder>", "the folder of Fashion-MNIST's files", FASHION_MNIST)
  .parse();
const { data } = command.opts<{ data: string }>();

await run(createExamples(data).find(({ name }) => name === command.args[0])!);

async function run(example: Example): Promise<void> {
  const { title, score, goal } = example;
  const begun = performance.now();
  const scores = await withProgress(example, (onEpoch) => example.run(onEpoch));
  const seconds = (performance.now() - begun) / 1000;
  const mean = meanOf(scores);
  console.error();
  console.log(`Predicts ${title}.`);
  if (scores.length > 1)
    console.log(`Test ${score} of ${scores.length} splits: ${scores.map(format).join(", ")}`);
  console.log(
    `${example.name}: test ${score} ${format(mean)}, to beat ${goal} (${mean >= goal ? "reached" : "missed"}), ${seconds.toFixed(1)} s`,
  );
  if (mean < goal) process.exitCode = 1;
}

function format(value: number): string {
  return value.toFixed(4);
}
