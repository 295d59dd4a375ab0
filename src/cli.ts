#!/usr/bin/env node
// The program backprop-wasm.

import { run } from "./cli/program.js";

process.exitCode = await run(process.argv.slice(2));
