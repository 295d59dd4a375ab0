import { trainAll } from "./train.js";

// No top-level await: Vite's default for workers, one classic script, has none.
trainAll("fitSync").then(postMessage);
