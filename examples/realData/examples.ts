// All examples with real data.

import { breastCancer } from "./breastCancer.js";
import { diabetes } from "./diabetes.js";
import { digits } from "./digits.js";
import type { Example } from "./example.js";
import { fashionMnist } from "./fashionMnist.js";
import { iris } from "./iris.js";
import { wine } from "./wine.js";

/** `folder`: has the files of Fashion-MNIST. */
export function createExamples(folder: string): Example[] {
  return [iris, wine, breastCancer, digits, diabetes, fashionMnist(folder)];
}
