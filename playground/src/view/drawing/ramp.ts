// Colours of numbers: from the colour of class 0 over that of the plane to the colour of class 1.

import { type Colours, rgbOf } from "../theme.js";

const STEPS = 256;

/** The middle is not quite the colour of the plane, nor are the ends those of points, which must stand out. */
const STRONGEST = 0.78;

export interface Ramp {
  /** The colour of a share from 0 to 1, as bytes R, G, B, A in memory. */
  readonly pixel: (share: number) => number;
  readonly css: (share: number) => string;
}

let kept: { readonly colours: Colours; readonly ramp: Ramp } | undefined;

export function rampOf(colours: Colours): Ramp {
  if (kept?.colours !== colours) kept = { colours, ramp: makeRamp(colours) };
  return kept.ramp;
}

function makeRamp({ classes, plane }: Colours): Ramp {
  const [low, middle, high] = [rgbOf(classes[0]!), rgbOf(plane), rgbOf(classes[1]!)];
  const bytes = new Uint8ClampedArray(STEPS * 4);
  for (let i = 0; i < STEPS; i++) {
    const signed = (2 * i) / (STEPS - 1) - 1;
    const strength = Math.abs(signed) ** 0.8 * STRONGEST;
    const end = signed < 0 ? low : high;
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = middle[c]! + (end[c]! - middle[c]!) * strength;
    bytes[4 * i + 3] = 255;
  }
  const pixels = new Uint32Array(bytes.buffer);
  const indexOf = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1)) || 0;
  return {
    pixel: (share) => pixels[indexOf(share)]!,
    css: (share) => {
      const at = indexOf(share) * 4;
      return `rgb(${bytes[at]}, ${bytes[at + 1]}, ${bytes[at + 2]})`;
    },
  };
}
