import { trainAll } from "./train.js";

// No top-level await: by default, Vite bundles a worker into a classic script, which does not allow it.
trainAll("fitSync").then(postMessage);
