// The entry point backprop-wasm/formats: files of other tools, and predictors that need no library.

export { toC } from "./formats/c.js";
export { type JavaScriptOptions, toJavaScript } from "./formats/javascript.js";
export { type NpyArray, type NpyData, readNpy, writeNpy } from "./formats/npy.js";
export { type NpzOptions, readNpz, writeNpz } from "./formats/npz.js";
export { fromOnnx, type OnnxOptions } from "./formats/onnx/read.js";
export { toOnnx } from "./formats/onnx/write.js";
export type { Exportable } from "./formats/predictor.js";
export type { SourceOptions } from "./formats/source.js";
