// The built library, and its entry point for networks in workers: the worker's script exists only in dist/.

import type * as Library from "../../src/index.js";
import type * as Entry from "../../src/inWorker.js";

const load = (file: string) => import(new URL(`../../dist/${file}`, import.meta.url).href);

export const library: typeof Library = await load("index.js");
export const { loadInWorker, networkInWorker }: typeof Entry = await load("inWorker.js");
