// The command-line options of `npm run bench`, `npm run bench:revectorize` and `bench/peers`.

import { Command, InvalidArgumentError } from "commander";

const USAGE_ERROR_EXIT_CODE = 2;

/** What a benchmark can measure, and how its help describes the options. */
export interface Bench<Workload> {
  /** The command in the help, such as "npm run bench --". */
  readonly command: string;
  readonly workloads: readonly Workload[];
  /** The text that --only searches. */
  readonly label: (workload: Workload) => string;
  /** What --json prints one line for, for each workload; such as "engine". */
  readonly contender: string;
  /** What takes --milliseconds; such as "each round". */
  readonly timed: string;
  /** The default of --milliseconds. */
  readonly milliseconds: number;
  /** Text after the options in the help. */
  readonly note?: string;
}

export interface Options<Workload> {
  readonly workloads: readonly Workload[];
  readonly milliseconds: number;
  readonly json: boolean;
}

/** Reads the command line. If an option is invalid, prints an error and the help, and exits with code 2. */
export function readOptions<Workload>(bench: Bench<Workload>): Options<Workload> {
  const { command, workloads, label, contender, timed, milliseconds, note = "" } = bench;
  const selectWorkloads = (text: string) => {
    const selected = workloads.filter((workload) => label(workload).includes(text));
    if (selected.length > 0) return selected;
    throw new InvalidArgumentError(`Expected a part of one of:\n  ${workloads.map(label).join("\n  ")}`);
  };
  const values = new Command(command)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR_EXIT_CODE))
    .showHelpAfterError()
    .option("--json", `print a line of JSON for each workload and ${contender} instead of a table`)
    .option("--only <substring>", "only the workloads whose label contains it", selectWorkloads)
    .option("--milliseconds <n>", `how long ${timed} takes`, parseMilliseconds, milliseconds)
    .addHelpText("after", note && `\n${note}`)
    .parse()
    .opts<{ json?: true; only?: Workload[]; milliseconds: number }>();
  return {
    workloads: values.only ?? workloads,
    milliseconds: values.milliseconds,
    json: values.json ?? false,
  };
}

function parseMilliseconds(text: string): number {
  const milliseconds = Number(text);
  if (milliseconds > 0 && milliseconds < Infinity) return milliseconds;
  throw new InvalidArgumentError("Expected a number above 0.");
}
