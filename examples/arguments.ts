import { type Command, InvalidArgumentError } from "commander";

const MAX_SEED = 2 ** 32 - 1;
const USAGE_ERROR_EXIT_CODE = 2;

/** Lets a command end with exit code 2 if its arguments are invalid. */
export function exitOnUsageError(command: Command): Command {
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR_EXIT_CODE));
}

export function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= MAX_SEED) return seed;
  throw new InvalidArgumentError(`Expected an integer from 0 to ${MAX_SEED}.`);
}
