// What the library uses of Papa Parse, whose package has no types.

declare module "papaparse" {
  interface Problem {
    readonly message: string;
    /** The row, from 0. */
    readonly row: number;
  }

  interface Parsed {
    readonly data: string[][];
    readonly errors: readonly Problem[];
    /** `cursor`: the characters that were read. */
    readonly meta: { readonly delimiter: string; readonly cursor: number };
  }

  interface Settings {
    readonly newline: string;
    readonly delimiter?: string;
    readonly delimitersToGuess?: readonly string[];
    readonly preview?: number;
    readonly skipEmptyLines?: boolean;
  }

  const Papa: {
    parse(text: string, settings: Settings): Parsed;
    readonly Parser: new (
      settings: Settings,
    ) => { parse(text: string, offset: number, ignoresLastRow: boolean): Parsed };
  };
  export default Papa;
}
