// The script of the worker that trains. It alone loads the library.

import type { Request } from "./messages.js";
import { Trainer } from "./trainer.js";
import type { Post } from "./training.js";

interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage: Post;
}

const scope = globalThis as unknown as WorkerScope;
const trainer = new Trainer((response, transfer) => scope.postMessage(response, transfer));
scope.onmessage = ({ data }) => trainer.receive(data);
