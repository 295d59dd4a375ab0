// What the library uses of Papa Parse, whose package has no types.

declare module "papaparse" {
  interface Problem {
    readonly message: string;
    /** The row, from 0. */
    readonly row: number;
  }

  export interface Parsed {
    readonly data: string[][];
    readonly errors: readonly Problem[];
    /** `cursor`: the characters that were read. */
    readonly meta: { readonly delimiter: string; readonly cursor: number };
  }

  export interface Settings {
    readonly newline: string;
    readonly delimiter?: string;
    readonly delimitersToGuess?: readonly string[];
    readonly preview?: number;
    readonly skipEmptyLines?: boolean;
    /** Is called for each row, which it gets instead of the result. `cursor`: where the row ends. */
    readonly step?: (row: Parsed) => void;
  }

  const Papa: {
    parse(text: string, settings: Settings): Parsed;
    readonly Parser: new (
      settings: Settings,
    ) => { parse(text: string, offset: number, ignoresLastRow: boolean): Parsed };
  };
  export default Papa;
}
