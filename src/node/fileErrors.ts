import { type Explanation, fileError } from "../saving/namedFile.js";

/** By the system's code of an exception. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOENT: { code: "fileNotFound", advice: "Check the path, and create its folder." },
  ENOSPC: { advice: "Free space on the disk; what was there is unchanged." },
  EACCES: { advice: "Change the permissions, or give another path." },
  EPERM: { advice: "Change the permissions, or give another path." },
  EROFS: { advice: "Give a path on another file system: this one is read-only." },
  EISDIR: { advice: "Give the path of a file: this is a folder." },
};

const OTHER: Explanation = { advice: "Check the path and the disk, or give another path." };

/** The system's code of an exception, such as "ENOENT". */
export function codeOf(exception: unknown): string | undefined {
  return (exception as NodeJS.ErrnoException | undefined)?.code;
}

/** What `work` returns. If it throws, throws a BackpropError that names the file. `did`: "cannot be read". */
export function attemptFile<T>(file: string, did: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw fileError(file, did, cause, EXPLANATIONS[codeOf(cause) ?? ""] ?? OTHER);
  }
}
