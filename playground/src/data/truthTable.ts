/** The four rows of XOR. */
export const TRUTH_TABLE = {
  inputs: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  targets: [0, 1, 1, 0],
};
