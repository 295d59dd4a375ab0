import type { Program, Trained } from "./seeds/program.js";

/** The seed of programs whose sourceSeed is null. */
const DEFAULT_SEED = 0;

export interface Result extends Trained {
  readonly program: Program;
  readonly seed: number;
  readonly milliseconds: number;
}

/** Trains a program, with the seed of its source unless another is given. */
export async function run(
  program: Program,
  onEpoch: (epoch: number) => void = () => {},
  seed: number = program.sourceSeed ?? DEFAULT_SEED,
): Promise<Result> {
  const begin = performance.now();
  const trained = await program.train({ seed, onEpoch });
  return { ...trained, program, seed, milliseconds: performance.now() - begin };
}
