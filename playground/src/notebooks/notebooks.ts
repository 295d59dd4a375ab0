import type { Notebook } from "./notebook.js";

/** The five seed programs; the first has a version in NumPy and one in PyTorch. */
export const NOTEBOOKS: readonly Notebook[] = [];
