// The entry point backprop-wasm/datasets: small data sets to try networks on.

export {
  circles,
  type DatasetOptions,
  type GeneratedRows,
  gaussians,
  moons,
  plane,
  sine,
  spiral,
  xor,
} from "./datasets/generators.js";
