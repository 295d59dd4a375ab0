// A canvas that is as sharp as the screen, and is drawn again when it must be.

import { useEffect, useRef } from "preact/hooks";
import type { Playground } from "./playground.js";
import { subscribeToScheme } from "./theme.js";

export interface Drawing {
  readonly context: CanvasRenderingContext2D;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

interface CanvasProps {
  readonly playground: Playground;
  /** What it shows, for screen readers; undefined: nothing that is not said elsewhere. */
  readonly label?: string | undefined;
  readonly class?: string;
  /** While it trains, every so many frames it is drawn, besides each change; 0: only then. */
  readonly every: number;
  readonly draw: (drawing: Drawing) => void;
}

export function Canvas({ playground, label, class: name, every, draw }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawNow = useRef(draw);
  drawNow.current = draw;

  useEffect(() => {
    const element = canvas.current!;
    const redraw = () => paint(element, drawNow.current);
    const sizes = new ResizeObserver(redraw);
    sizes.observe(element);
    const ends = [subscribeToScheme(redraw), playground.subscribe(redraw)];
    let frames = 0;
    const redrawFrame = () => {
      if (playground.state !== "running" || frames++ % every === 0) redraw();
    };
    if (every > 0) ends.push(playground.subscribeToFrames(redrawFrame));
    return () => {
      sizes.disconnect();
      for (const end of ends) end();
    };
  }, [playground, every]);

  const role = label === undefined ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };
  return <canvas ref={canvas} class={name} {...role} />;
}

function paint(canvas: HTMLCanvasElement, draw: (drawing: Drawing) => void): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return;
  const ratio = Math.min(window.devicePixelRatio, 2);
  const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== rows)
    Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  draw({ context, width, height });
}
