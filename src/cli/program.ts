// The commands, their arguments and their options.

import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ACTIVATIONS, BackpropError } from "../index.js";
import { type CrossValidationOptions, crossValidate } from "./crossValidate.js";
import { type ExportOptions, exportModel, FORMATS } from "./export.js";
import { inspect } from "./inspect.js";
import { allowClosedPipes, note, type Status } from "./output.js";
import { evaluate, predict } from "./predict.js";
import { VERSION } from "./record.js";
import { OPTIMIZERS, type Settings } from "./settings.js";
import { type TrainOptions, train } from "./train.js";
import { verify } from "./verify.js";

/** Runs the program with these arguments. */
export async function run(args: readonly string[]): Promise<Status> {
  allowClosedPipes();
  let status: Status = 0;
  try {
    await createProgram((result) => {
      status = result;
    }).parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof BackpropError)) throw error;
    note(`backprop-wasm: ${lineOf(error)}`);
    return 1;
  }
}

/** What messages, which are for programs, call options of the command line. */
const OPTION_NAMES: readonly (readonly [RegExp, string])[] = [
  [/types: \{ (".*"): "category" \}/, "--categories $1"],
  [/\ba name in types\b/, "a name in --categories"],
  [/\ba name in columns\b/, "a name in --ignore"],
  [/\s*\n\s*/g, " "],
];

function lineOf({ message }: BackpropError): string {
  return OPTION_NAMES.reduce((text, [pattern, name]) => text.replace(pattern, name), message);
}

/** `end` gets the status of the command. */
function createProgram(end: (status: Status) => void): Command {
  const program = new Command("backprop-wasm")
    .description(
      "Trains neural networks on CSV files, and uses them. The same data, options and seed give the same bits.",
    )
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("(--help shows the options and examples)")
    .addHelpText(
      "after",
      examples("train iris.csv --target class", "predict model.safetensors new.csv") + STATUSES,
    );

  addTrainingOptions(program.command("train"))
    .description("Trains a model on a CSV file, and writes it with a report.")
    .addArgument(dataArgument())
    .option("--out <file>", "the model; its report is beside it, with the ending .html", "model.safetensors")
    .option("--resume", "finish the training of the model --out, with the same data")
    .option("--json", "a line of JSON for each epoch, and one for the end")
    .addHelpText(
      "after",
      `\nCtrl-C ends the training with its epoch, and saves the model: exit status 1. Pressed twice, it quits at once.
${examples(
  "train iris.csv --target class",
  "train flats.csv --target price --log --hidden 128,64 --seed 7 --out flats.safetensors",
  "train flats.csv --out flats.safetensors --resume",
  "train - --target class --json < iris.csv",
)}`,
    )
    .action(async (data: string, options: GivenOptions<TrainOptions>, command: Command) => {
      const { out, threads, resume, json, ...settings } = options;
      if (!resume && settings.target === undefined)
        command.error("error: --target is missing: the column to predict");
      end(
        await train(data, settings, {
          out,
          ...(threads && { threads }),
          ...(resume && { resume }),
          ...(json && { json }),
        }),
      );
    });

  program
    .command("predict")
    .description("Predicts the target of each row, as CSV: the class and its probability, or the number.")
    .addArgument(modelArgument())
    .addArgument(dataArgument())
    .option("--out <file>", "the file to write; default: standard output")
    .addHelpText(
      "after",
      examples(
        "predict model.safetensors new.csv --out predictions.csv",
        "predict model.safetensors - < new.csv",
      ),
    )
    .action(async (model: string, data: string, options: { out?: string }) =>
      end(await predict(model, data, options)),
    );

  program
    .command("evaluate")
    .description("Says how good the predictions for rows with a known target are.")
    .addArgument(modelArgument())
    .addArgument(dataArgument())
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples("evaluate model.safetensors test.csv", "evaluate model.safetensors test.csv --json"),
    )
    .action(async (model: string, data: string, options: JsonOption) =>
      end(await evaluate(model, data, options)),
    );

  program
    .command("inspect")
    .description("Shows columns, layers, training and hashes of a model.")
    .addArgument(modelArgument())
    .option("--json", "as JSON")
    .addHelpText("after", examples("inspect model.safetensors"))
    .action(async (model: string, options: JsonOption) => end(await inspect(model, options)));

  program
    .command("export")
    .description(
      "Writes a predictor for other tools. onnx, js and c take the columns of the table as they are, and answer as predict " +
        "does. npz has the weights alone.",
    )
    .addArgument(modelArgument())
    .addOption(new Option("--to <format>", "the format").choices(Object.keys(FORMATS)).makeOptionMandatory())
    .requiredOption("--out <file>", "the file to write")
    .option(
      "--without-preprocessing",
      "the network alone, whose inputs are the preprocessed columns: the formula of each is printed, and is a comment in js and c",
    )
    .addHelpText(
      "after",
      examples(
        "export model.safetensors --to onnx --out model.onnx",
        "export model.safetensors --to c --out model.h",
      ),
    )
    .action(async (model: string, options: ExportOptions) => end(await exportModel(model, options)));

  addTrainingOptions(program.command("cv"))
    .description("Cross-validates: trains a model for each fold of the rows, and evaluates it on that fold.")
    .addArgument(dataArgument())
    .option("--folds <n>", "the number of folds", integer(2, 1000), 5)
    .option("--json", "as JSON")
    .addHelpText("after", examples("cv iris.csv --target class --folds 10"))
    .action(async (data: string, options: GivenOptions<CrossValidationOptions>, command: Command) => {
      const { folds, threads, json, ...settings } = options;
      if (settings.target === undefined) command.error("error: --target is missing: the column to predict");
      end(
        await crossValidate(data, settings as Settings, {
          folds,
          ...(threads && { threads }),
          ...(json && { json }),
        }),
      );
    });

  program
    .command("verify")
    .description(
      "Trains again what the model's file records, and compares the bits of each epoch, of the final parameters and " +
        "of the optimizer: identical (exit status 0), or the first epoch that differs (1).",
    )
    .addArgument(modelArgument())
    .addArgument(dataArgument())
    .option("--threads <n>", "threads; the bits are the same", integer(1, 255))
    .addHelpText("after", examples("verify model.safetensors iris.csv"))
    .action(async (model: string, data: string, options: { threads?: number }) =>
      end(await verify(model, data, options)),
    );

  return program;
}

interface JsonOption {
  readonly json?: boolean;
}

type GivenOptions<T> = T & Partial<Settings>;

const STATUSES = "\nExit status: 0 done; 1 not done, and one line on standard error says why; 2 wrong usage.";

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  npx backprop-wasm ${line}`).join("\n")}`;
}

function dataArgument(): Argument {
  return new Argument(
    "<data>",
    "a CSV file whose first line names the columns, or a .parquet file; - is standard input",
  );
}

function modelArgument(): Argument {
  return new Argument("<model>", "a file that train made");
}

function addTrainingOptions(command: Command): Command {
  return command
    .option("--target <column>", "the column to predict")
    .addOption(
      new Option("--task <task>", "default: chosen by the target's values").choices([
        "classification",
        "regression",
      ]),
    )
    .option("--log", "learn the logarithm of a target above 0")
    .option("--hidden <units>", 'units of the hidden layers, or "none"; default: 64,32', unitList)
    .addOption(new Option("--activation <name>", "of the hidden layers; default: relu").choices(ACTIVATIONS))
    .option("--dropout <rate>", "after each hidden layer; default: 0", share)
    .addOption(new Option("--optimizer <name>", "default: adam").choices(Object.keys(OPTIMIZERS)))
    .option("--learning-rate <rate>", "default: that of the optimizer", positive)
    .option("--batch-size <rows>", "default: 32, more for many rows", integer(1, 2 ** 31))
    .option("--epochs <n>", "at most; default: 200", integer(1, 2 ** 31))
    .option(
      "--patience <n>",
      "epochs without improvement that end the training; default: 20",
      integer(1, 2 ** 31),
    )
    .option("--balanced", "rare classes count more")
    .option("--validation <share>", "of the rows; default: 0.2", share)
    .option("--seed <n>", "default: 0", integer(0, 2 ** 32 - 1))
    .addOption(new Option("--dtype <type>", "default: float32").choices(["float32", "float64"]))
    .addOption(
      new Option("--numerics <kind>", "relaxed is faster, and not reproducible; default: strict").choices([
        "strict",
        "relaxed",
      ]),
    )
    .option("--categories <columns>", "columns of numbers that are names, separated by commas", list)
    .option("--ignore <columns>", "columns that are not used, separated by commas", list)
    .option("--threads <n>", "default: 1; the bits are the same", integer(1, 255));
}

function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Expected an integer from ${low} to ${high}.`);
  };
}

function numberThat(expected: string, isValid: (x: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && isValid(value)) return value;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}

function share(text: string): number {
  return numberThat("a number from 0 to below 1", (x) => x >= 0 && x < 1)(text);
}

function positive(text: string): number {
  return numberThat("a number above 0", (x) => x > 0)(text);
}

function unitList(text: string): number[] {
  return text === "none" ? [] : text.split(",").map(integer(1, 2 ** 20));
}

function list(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}
