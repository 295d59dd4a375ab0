import { type Command, InvalidArgumentError } from "commander";

const MAX_SEED = 2 ** 32 - 1;
const EXIT_CODE_OF_MISUSE = 2;

/** Lets a command end with exit code 2 where its arguments cannot be understood. */
export function exitOnMisuse(command: Command): Command {
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_CODE_OF_MISUSE));
}

export function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= MAX_SEED) return seed;
  throw new InvalidArgumentError(`Expected an integer from 0 to ${MAX_SEED}.`);
}
