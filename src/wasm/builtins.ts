/** What Node, Deno and Bun have, and browsers do not. */
interface Process {
  readonly versions?: { readonly node?: string };
  /** Node 20.16 and later. */
  getBuiltinModule?<T>(specifier: string): T | undefined;
}

/** Whether this is Node, or an engine with Node's modules. */
export function isNode(): boolean {
  return runningProcess()?.versions?.node !== undefined;
}

/** One of Node's own modules, such as "fs": at once where Node can, because importing it takes milliseconds. */
export function builtinModule<T>(name: string): T | Promise<T> {
  // The name is put together here so that bundlers do not try to resolve a module that browsers do not have.
  const specifier = ["node", name].join(":");
  return (
    runningProcess()?.getBuiltinModule?.<T>(specifier) ??
    import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)
  );
}

function runningProcess(): Process | undefined {
  return (globalThis as { process?: Process }).process;
}
