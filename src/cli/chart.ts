// Charts as SVG.

export interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

const WIDTH = 480;
const HEIGHT = 260;
const MARGIN = { left: 56, right: 12, top: 12, bottom: 36 };
const COLORS = ["#2563eb", "#d97706"];

/** Text in HTML and SVG. */
export function escapeHtml(text: string | number): string {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

type Scale = (value: number) => number;

/** Lines over epochs, counted from 1. `mark`: an epoch to mark. */
export function lineChart(title: string, lines: readonly Line[], mark: number | undefined): string {
  const count = Math.max(2, ...lines.map(({ values }) => values.length));
  const x = scale(1, count, MARGIN.left, WIDTH - MARGIN.right);
  const [low, high] = range(lines.flatMap(({ values }) => values));
  const y = scale(low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const paths = lines.map(({ name, values }, i) => {
    const points = values
      .map((value, epoch) => `${x(epoch + 1).toFixed(1)},${y(value).toFixed(1)}`)
      .join(" ");
    const at = i === 0 ? `x="${MARGIN.left}"` : `x="${WIDTH - MARGIN.right}" text-anchor="end"`;
    const label = `<text ${at} y="${HEIGHT - 6}" fill="${COLORS[i]}">${escapeHtml(name)}</text>`;
    return `<polyline fill="none" stroke="${COLORS[i]}" stroke-width="1.5" points="${points}"/>${label}`;
  });
  const marked =
    mark === undefined
      ? ""
      : `<line x1="${x(mark)}" x2="${x(mark)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" ` +
        'stroke="#999" stroke-dasharray="4"/>';
  return frame(title, [axes([1, count], [low, high], x, y, "epoch"), marked, ...paths]);
}

/** Points (x, y) and the line y = 0. */
export function scatterChart(
  title: string,
  xs: readonly number[],
  ys: readonly number[],
  name: string,
): string {
  const [left, right] = range(xs);
  const [low, high] = range([...ys, 0]);
  const x = scale(left, right, MARGIN.left, WIDTH - MARGIN.right);
  const y = scale(low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const points = xs.map(
    (value, i) =>
      `<circle cx="${x(value).toFixed(1)}" cy="${y(ys[i]!).toFixed(1)}" r="2.5" ` +
      `fill="${COLORS[0]}" fill-opacity="0.6"/>`,
  );
  const zero = `<line x1="${x(left)}" y1="${y(0)}" x2="${x(right)}" y2="${y(0)}" stroke="#999"/>`;
  return frame(title, [axes([left, right], [low, high], x, y, name), zero, ...points]);
}

function range(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (low < high) return [low, high];
  return low === high ? [low - 1, high + 1] : [0, 1];
}

function scale(low: number, high: number, from: number, to: number): Scale {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function axes(
  [left, right]: readonly [number, number],
  [low, high]: readonly [number, number],
  x: Scale,
  y: Scale,
  name: string,
): string {
  const [x0, x1, y0, y1] = [x(left), x(right), y(low), y(high)];
  const text = (value: number) => escapeHtml(Number(value.toPrecision(3)));
  return `<path d="M${x0} ${y1}V${y0}H${x1}" fill="none" stroke="#555"/>
<text x="${x0 - 6}" y="${y0}" text-anchor="end">${text(low)}</text>
<text x="${x0 - 6}" y="${y1 + 10}" text-anchor="end">${text(high)}</text>
<text x="${x0}" y="${y0 + 16}">${text(left)}</text>
<text x="${x1}" y="${y0 + 16}" text-anchor="end">${text(right)}</text>
<text x="${(x0 + x1) / 2}" y="${y0 + 30}" text-anchor="middle">${escapeHtml(name)}</text>`;
}

function frame(title: string, parts: readonly string[]): string {
  const box = `viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}"`;
  return `<svg role="img" aria-label="${escapeHtml(title)}" ${box}>\n${parts.join("\n")}\n</svg>`;
}
