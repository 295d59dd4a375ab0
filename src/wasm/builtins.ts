/** One of Node's own modules, such as "fs". */
export async function builtinModule<T>(name: string): Promise<T> {
  // The name is put together here so that bundlers do not try to resolve a module that browsers do not have.
  const specifier = ["node", name].join(":");
  // Importing it takes milliseconds. Node 20.16 and later return a module that is already loaded at once.
  const { process } = globalThis as { process?: { getBuiltinModule?(specifier: string): T } };
  return (
    process?.getBuiltinModule?.(specifier) ?? import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)
  );
}
