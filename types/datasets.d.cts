// The types of `require("backprop-wasm/datasets")`. Node 20.19, 22.12 and later can require ES modules such as this one.

// @ts-ignore: TypeScript's "node16" and "node18" do not know that.
export * from "../build/datasets.js";
