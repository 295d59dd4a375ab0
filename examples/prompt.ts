// Reads inputs from the terminal and predicts them, as program 004 does.

import { createInterface } from "node:readline";
import type { Network } from "backprop-wasm";

const PROMPTS = ["Input a: ", "Input b: "];
const DECIMAL_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Asks for inputs and prints their prediction, until the input ends or Ctrl-C is pressed. */
export async function predictInteractively(network: Network): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  process.once("SIGINT", () => terminal.close());
  let inputs: number[] = [];
  const ask = () => {
    terminal.setPrompt(PROMPTS[inputs.length]!);
    terminal.prompt();
  };
  ask();
  for await (const line of terminal) {
    inputs = answer(network, [...inputs, parseDecimal(line)]);
    ask();
  }
  console.log();
}

/** Predicts complete inputs. Returns the inputs typed so far: none after a prediction or an invalid number. */
function answer(network: Network, inputs: number[]): number[] {
  if (!inputs.every(Number.isFinite)) {
    console.log("Invalid input. Please enter a numeric value.");
    return [];
  }
  if (inputs.length < PROMPTS.length) return inputs;
  const [prediction] = network.predict([inputs]).data;
  console.log(`Prediction: ${prediction!.toFixed(4)}`);
  return [];
}

/** `Number` alone would parse "" as 0, and "0x10" as 16. */
function parseDecimal(text: string): number {
  return DECIMAL_NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
}
