// The builds of the core, and how they are selected.

import { BuildFeatureNumber } from "../abi/structs.js";
import type { CORE_URLS } from "../assets.js";
import type { Numerics } from "../description.js";
import { type OptionsOf, ofType, oneOf, readOptions } from "../validation.js";

/**
 * Selects a build of the core: `core.wasm`, `core.relaxed.wasm`, `core.threads.wasm` or `core.relaxed.threads.wasm`.
 */
export interface CoreBuild {
  /** Default "strict". */
  readonly numerics?: Numerics;
  /**
   * Whether to select the build for networks with more than one of `threads`, whose memory is shared; default false.
   */
  readonly threads?: boolean;
}

export interface Build {
  readonly file: keyof typeof CORE_URLS;
  readonly isRelaxed: boolean;
  readonly isShared: boolean;
  /** The options that select it, as code for messages. */
  readonly options: string;
}

const BUILDS: readonly Build[] = [
  { file: "core.wasm", isRelaxed: false, isShared: false, options: "{}" },
  { file: "core.relaxed.wasm", isRelaxed: true, isShared: false, options: '{ numerics: "relaxed" }' },
  { file: "core.threads.wasm", isRelaxed: false, isShared: true, options: "{ threads: true }" },
  {
    file: "core.relaxed.threads.wasm",
    isRelaxed: true,
    isShared: true,
    options: '{ numerics: "relaxed", threads: true }',
  },
];

const BUILD_OPTIONS: OptionsOf<CoreBuild> = {
  numerics: { check: oneOf(["strict", "relaxed"]), default: "strict" },
  threads: { check: ofType("boolean"), default: false },
};

/** @throws BackpropError `invalidOption` or `unknownName` for options that are not those of `loadCore`. */
export function findBuild(options: CoreBuild): Build {
  const { numerics, threads } = readOptions("loadCore", options, BUILD_OPTIONS);
  return buildOf(numerics === "relaxed", threads === true);
}

/** The build whose `build_features` are these. */
export function buildWith(features: number): Build {
  const has = (feature: number) => (features & feature) !== 0;
  return buildOf(has(BuildFeatureNumber.RelaxedSimd), has(BuildFeatureNumber.Threads));
}

function buildOf(isRelaxed: boolean, isShared: boolean): Build {
  return BUILDS.find((build) => build.isRelaxed === isRelaxed && build.isShared === isShared)!;
}

/** A call of `loadCore` for the build, as code for messages. */
export function loadCall({ options }: Build, source: string): string {
  return options === "{}" ? `loadCore(${source})` : `loadCore(${source}, ${options})`;
}
