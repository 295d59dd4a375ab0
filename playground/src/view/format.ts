// Numbers as the page writes them.

const INTEGER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const NOTHING = "–";

/** A loss or a metric: four decimals, or an exponent for small and large ones. */
export function formatFigure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return NOTHING;
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(3) : value.toFixed(4);
}

export function formatCount(value: number): string {
  return INTEGER.format(value);
}

/** `1 epoch`, `2 epochs`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `validationAccuracy` as `Validation accuracy`, `r2` as `R²`. */
export function nameMetric(name: string): string {
  const words = name.replace(/([A-Z])/g, " $1").toLowerCase();
  return (words[0]!.toUpperCase() + words.slice(1)).replace(/\b[rR]2\b/, "R²");
}

/** A name of a choice; the empty one is the library's default. */
export function nameChoice(name: string): string {
  return name === "" ? "default" : name;
}

/** A number of an axis. */
export function formatTick(value: number): string {
  if (value === 0) return "0";
  if (value < 0) return `−${formatTick(-value)}`;
  if (value >= 1e6) return `${formatTick(value / 1e6)}M`;
  if (value >= 1e4) return `${formatTick(value / 1e3)}k`;
  if (value < 1e-3) return value.toExponential(0);
  return String(Number(value.toPrecision(3)));
}
