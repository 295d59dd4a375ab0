// Calls the functions of files.js in a worker.

import { files } from "./files.js";

addEventListener("message", async ({ data: { name, values } }) => postMessage(await files[name](...values)));
