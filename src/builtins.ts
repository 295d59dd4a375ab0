/** A module of Node's, such as "fs". */
export async function builtinModule<T>(name: string): Promise<T> {
  // A name that bundlers cannot see keeps them from resolving, or warning of, a module that browsers do not have.
  const specifier = ["node", name].join(":");
  // To import it takes milliseconds; from version 20.16 on, Node gives at once what it has loaded itself.
  const { process } = globalThis as { process?: { getBuiltinModule?(specifier: string): T } };
  return (
    process?.getBuiltinModule?.(specifier) ?? import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)
  );
}
