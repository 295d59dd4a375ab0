import type { TableChoice } from "./experiment.js";

/** The file examples/data/digits.csv: 1797 images of 8 × 8 pixels from 0 to 16, and the digit. */
export const DIGITS: TableChoice = {
  file: "digits.csv",
  hash: "bb91ac08ceeb4eb7ddca61f0af46532f91c54eea07aab185ef61474328881e05",
  target: "class",
  columns: Array.from({ length: 64 }, (_, i) => `pixel_${Math.floor(i / 8)}_${i % 8}`),
  classes: 10,
};
