// Trains on real data, and prints the test score: `npm run example -- iris`.

import { Argument, Command } from "commander";
import { exitOnUsageError } from "./arguments.js";
import type { Example } from "./realData/example.js";
import { createExamples } from "./realData/examples.js";
import { FASHION_MNIST } from "./realData/fashionMnist.js";

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
  const { name, title, metric, goal } = example;
  console.log(`Predicts ${title}.`);
  const begun = performance.now();
  const scores = await example.run();
  const seconds = (performance.now() - begun) / 1000;
  const mean = scores.reduce((sum, score) => sum + score) / scores.length;
  if (scores.length > 1) {
    console.log(`Test ${metric} of ${scores.length} splits: ${scores.map(format).join(", ")}`);
  }
  const outcome = mean >= goal ? "reached" : "missed";
  console.log(
    `${name}: test ${metric} ${format(mean)}, to beat ${goal} (${outcome}), ${seconds.toFixed(1)} s`,
  );
  if (mean < goal) process.exitCode = 1;
}

function format(value: number): string {
  return value.toFixed(4);
}
