// The script of a web worker.

import { type Assignment, work } from "./workerProgram.js";

addEventListener("message", (event: MessageEvent<Assignment>) => {
  work(event.data);
  postMessage("ended");
  close();
});
