// A small picture of each data set. It is not computed from the data: only shows what kind they are.

import type { DatasetName } from "../experiment/choices.js";

type Dot = readonly [x: number, y: number, label: 0 | 1];

const DOTS = 44;
/** Shares from 0 to 1 that fill it evenly. */
const share = (i: number, factor: number) => (i * factor) % 1;
const signed = (i: number, factor: number) => 2 * share(i, factor) - 1;
const polar = (radius: number, angle: number, label: 0 | 1): Dot => [
  radius * Math.cos(angle),
  radius * Math.sin(angle),
  label,
];
const half = (i: number): 0 | 1 => (i % 2 === 0 ? 0 : 1);

const DOT_OF: Partial<Record<DatasetName, (i: number) => Dot>> = {
  xor: (i) => {
    const [x, y] = [signed(i, 0.7549), signed(i, 0.5698)];
    return [x + Math.sign(x) * 0.08, y + Math.sign(y) * 0.08, x * y > 0 ? 1 : 0];
  },
  circles: (i) => polar(i % 2 === 0 ? 0.95 : 0.4 * Math.sqrt(share(i, 0.43)), i * 2.4, half(i)),
  spiral: (i) => polar(0.1 + (0.9 * i) / DOTS, (i * 5.2) / DOTS + (i % 2) * Math.PI, half(i)),
  moons: (i) => {
    const angle = Math.PI * share(i, 0.618);
    return i % 2 === 0
      ? [Math.cos(angle) * 0.65 - 0.3, Math.sin(angle) * 0.8 - 0.2, 0]
      : [0.3 - Math.cos(angle) * 0.65, 0.2 - Math.sin(angle) * 0.8, 1];
  },
  gaussians: (i) => {
    const [x, y] = polar(0.5 * share(i, 0.377) ** 0.8, i * 2.4, 0);
    return i % 2 === 0 ? [x - 0.5, y - 0.4, 0] : [x + 0.5, y + 0.4, 1];
  },
  sine: (i) => [
    (2 * i) / DOTS - 1,
    -0.75 * Math.sin(((2 * i) / DOTS - 1) * Math.PI) + signed(i, 0.618) * 0.12,
    1,
  ],
  truthTable: (i) => [i & 1 ? 0.6 : -0.6, i & 2 ? 0.6 : -0.6, ((i & 1) ^ ((i >> 1) & 1)) as 0 | 1],
};

/** Pixels of a digit, as rows of bits. */
const DIGIT = [0b00111000, 0b01000100, 0b00000100, 0b00011000, 0b00000100, 0b01000100, 0b00111000];

export function Thumbnail({ dataset }: { readonly dataset: DatasetName }) {
  return (
    <svg class="thumbnail" viewBox="-1.3 -1.3 2.6 2.6" aria-hidden="true">
      {contentOf(dataset)}
    </svg>
  );
}

function contentOf(dataset: DatasetName) {
  const dot = DOT_OF[dataset];
  if (dot)
    return Array.from({ length: dataset === "truthTable" ? 4 : DOTS }, (_, i) => dotOf(i, dot(i), dataset));
  if (dataset === "digits") return DIGIT.flatMap(pixelsOf);
  if (dataset === "plane") return planeOf();
  const path = dataset === "drawn" ? PENCIL : TABLE;
  return <path class="outline" d={path} />;
}

const PENCIL = "M-.9 .9l.2-.7L.5-1l.5 .5L-.2 .7zM.2-.7l.5 .5";
const TABLE = "M-.9-.8H.9V.8H-.9zM-.9-.3H.9M-.9 .25H.9M-.3-.8V.8M.3-.8V.8";

function dotOf(i: number, [x, y, label]: Dot, dataset: DatasetName) {
  return <circle key={i} class={`dot-${label}`} cx={x} cy={y} r={dataset === "truthTable" ? 0.24 : 0.1} />;
}

function pixelsOf(bits: number, row: number) {
  const columns = [0, 1, 2, 3, 4, 5, 6, 7].filter((column) => (bits >> (7 - column)) & 1);
  return columns.map((column) => (
    <rect
      key={`${row} ${column}`}
      class="dot-1"
      x={column * 0.28 - 0.98}
      y={row * 0.28 - 0.98}
      width={0.26}
      height={0.26}
    />
  ));
}

function planeOf() {
  return Array.from({ length: 25 }, (_, i) => {
    const [column, row] = [i % 5, Math.floor(i / 5)];
    const slope = (column + 4 - row) / 8;
    return (
      <circle
        key={i}
        class={slope < 0.5 ? "dot-0" : "dot-1"}
        opacity={0.25 + 1.5 * Math.abs(slope - 0.5)}
        cx={column * 0.45 - 0.9}
        cy={row * 0.45 - 0.9}
        r={0.17}
      />
    );
  });
}
