// The colour scheme, and its colours as canvases need them: the styles define them.

export type Scheme = "light" | "dark";

const KEY = "colour scheme";
const NAMES = ["text", "muted", "line", "panel", "plane", "accent"] as const;

/** The colours of classes repeat after so many. */
const CLASS_COLOURS = 10;

export interface Colours extends Readonly<Record<(typeof NAMES)[number], string>> {
  readonly classes: readonly string[];
}

type Rgb = readonly [red: number, green: number, blue: number];

const systemScheme = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let colours: Colours | undefined;

applyStored();
systemScheme.addEventListener("change", changed);

export function currentScheme(): Scheme {
  const { scheme } = document.documentElement.dataset;
  return (scheme as Scheme | undefined) ?? (systemScheme.matches ? "dark" : "light");
}

/** Sets the scheme, until the browser's storage is cleared. */
export function setScheme(scheme: Scheme): void {
  Object.assign(document.documentElement.dataset, { scheme });
  try {
    localStorage.setItem(KEY, scheme);
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
  changed();
}

/** Calls the listener when the scheme changes. Returns what ends that. */
export function subscribeToScheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentColours(): Colours {
  colours ??= readColours();
  return colours;
}

/** The red, green and blue of a colour of `currentColours`, from 0 to 255. */
export function rgbOf(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)!.map(Number);
  return [red, green, blue];
}

function applyStored(): void {
  try {
    const stored = localStorage.getItem(KEY);
    if (stored) Object.assign(document.documentElement.dataset, { scheme: stored });
  } catch {
    // Storage is blocked.
  }
}

function changed(): void {
  colours = undefined;
  for (const listener of listeners) listener();
}

function readColours(): Colours {
  const probe = document.createElement("span");
  document.body.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const entries = NAMES.map((name) => [name, read(name)] as const);
  const classes = Array.from({ length: CLASS_COLOURS }, (_, i) => read(`class-${i}`));
  probe.remove();
  return { ...(Object.fromEntries(entries) as Record<(typeof NAMES)[number], string>), classes };
}
