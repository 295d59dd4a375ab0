// Checks that an instance is the build of the core that it should be.

import { DESCRIPTION_VERSION } from "../abi/structs.js";
import type { BackpropError } from "../errors.js";
import { type Build, buildWith, loadCall } from "./builds.js";
import { ADVICE, refused, unavailable } from "./loadErrors.js";

/** The exports that identify a core. */
interface Identity {
  abi_version(): number;
  build_features(): number;
}

/** @throws BackpropError `coreUnavailable` if the instance is not a core, or is one of another version or build. */
export function requireIdentity(exports: Partial<Identity>, build: Build): void {
  const { abi_version: version, build_features: features } = exports;
  if (!version || !features) throw notACore(build);
  if (version() !== DESCRIPTION_VERSION) throw wrongVersion(version(), build);
  const found = buildWith(features());
  if (found !== build) throw wrongBuild(`${found.file}, which is for ${loadCall(found, "source")}`, build);
}

/** The error when a module could not be instantiated with the memory of `build`. */
export function notLinked(cause: unknown, module: WebAssembly.Module, build: Build): BackpropError {
  if (!(cause instanceof WebAssembly.LinkError || cause instanceof TypeError)) return refused(cause, build);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  if (!names.includes("build_features")) return notACore(build, cause);
  const isShared = names.includes("team_size");
  if (isShared === build.isShared) return refused(cause, build);
  return wrongBuild(isShared ? "a build with threads" : "a build without threads", build, cause);
}

function notACore(build: Build, cause?: unknown): BackpropError {
  return unavailable(
    "the module is not a core of this version of the library",
    ADVICE.giveFile(build),
    cause,
  );
}

function wrongVersion(version: number, build: Build): BackpropError {
  const versions = `version ${version} of the core, where this library needs ${DESCRIPTION_VERSION}`;
  return unavailable(`the module is ${versions}`, ADVICE.giveFile(build));
}

function wrongBuild(found: string, build: Build, cause?: unknown): BackpropError {
  return unavailable(`the module is ${found}; expected ${build.file}`, ADVICE.giveFile(build), cause);
}
