import { numpy000 } from "./000-numpy.js";
import { torch000 } from "./000-torch.js";
import { program001 } from "./001.js";
import { program002 } from "./002.js";
import { program003 } from "./003.js";
import { program004 } from "./004.js";
import type { Program } from "./program.js";

export const PROGRAMS: readonly Program[] = [
  numpy000,
  torch000,
  program001,
  program002,
  program003,
  program004,
];
