// The command line of `npm run bench` and of `bench/peers`.

import { Command, InvalidArgumentError } from "commander";

const EXIT_CODE_OF_MISUSE = 2;

/** What a bench can measure, and how its help describes the options. */
export interface Bench<Work> {
  /** Such as "npm run bench --". */
  readonly command: string;
  readonly works: readonly Work[];
  /** The text in which --only looks. */
  readonly label: (work: Work) => string;
  /** What has one line of JSON for each work, such as "engine". */
  readonly contender: string;
  /** What --milliseconds is the time of. */
  readonly timed: string;
  /** The default of --milliseconds. */
  readonly milliseconds: number;
  /** Follows the options in the help. */
  readonly note?: string;
}

export interface Options<Work> {
  readonly works: readonly Work[];
  readonly milliseconds: number;
  readonly json: boolean;
}

/** The options of the command line. If one is invalid, prints an error and the help, and exits with code 2. */
export function readOptions<Work>(bench: Bench<Work>): Options<Work> {
  const { command, works, label, contender, timed, milliseconds, note = "" } = bench;
  const selectWorks = (text: string) => {
    const selected = works.filter((work) => label(work).includes(text));
    if (selected.length > 0) return selected;
    throw new InvalidArgumentError(`Expected a part of one of:\n  ${works.map(label).join("\n  ")}`);
  };
  const values = new Command(command)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_CODE_OF_MISUSE))
    .showHelpAfterError()
    .option("--json", `print a line of JSON for each work and ${contender} instead of a table`)
    .option("--only <substring>", "only the works whose label contains it", selectWorks)
    .option("--milliseconds <n>", `how long ${timed} takes`, parseMilliseconds, milliseconds)
    .addHelpText("after", note && `\n${note}`)
    .parse()
    .opts<{ json?: true; only?: Work[]; milliseconds: number }>();
  return { works: values.only ?? works, milliseconds: values.milliseconds, json: values.json ?? false };
}

function parseMilliseconds(text: string): number {
  const milliseconds = Number(text);
  if (milliseconds > 0 && milliseconds < Infinity) return milliseconds;
  throw new InvalidArgumentError("Expected a number above 0.");
}
