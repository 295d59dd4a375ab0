// What the network does: its picture, the curves of the run, and the points that the user draws.

import { useRef, useState } from "preact/hooks";
import { DATASETS, type DatasetChoice, MAX_COORDINATE, MAX_POINTS } from "../experiment/choices.js";
import type { Point } from "../experiment/experiment.js";
import type { Bounds, Picture, UnitActivations } from "../training/messages.js";
import { Canvas, type Drawing } from "./canvas.js";
import { ConfusionTable } from "./confusionTable.js";
import { Panel } from "./controls.js";
import { drawCurve, drawScatter } from "./drawing/curve.js";
import { drawPoint, drawPoints } from "./drawing/points.js";
import { scaleOf } from "./drawing/scale.js";
import { drawSurface } from "./drawing/surface.js";
import { countOf, formatTick } from "./format.js";
import { useFrames } from "./hooks.js";
import type { Playground } from "./playground.js";
import { currentColours } from "./theme.js";

interface Props {
  readonly playground: Playground;
}

/** What is drawn before there is a frame. */
const EMPTY: Bounds = { x: [-1.2, 1.2], y: [-1.2, 1.2] };

export function OutputPanel({ playground }: Props) {
  const { hovered, opened, experiment } = playground;
  const { takesPoints }: DatasetChoice = DATASETS[experiment.data.dataset];
  const layer = hovered && opened?.layers[hovered.layer];
  const title = layer ? `Unit ${hovered.unit + 1} of layer ${hovered.layer + 1}` : "Output";
  return (
    <Panel name="output" title={title} aside={<small>{layer ? layer.activation : kindOf(playground)}</small>}>
      <Picturing playground={playground} />
      {takesPoints && <DrawingHint playground={playground} />}
    </Panel>
  );
}

function kindOf({ opened }: Playground): string {
  if (!opened) return "";
  if (opened.inputs === 2) return opened.task === "classes" ? "decision surface" : "predicted number";
  if (opened.inputs === 1) return "fitted curve";
  return opened.task === "classes" ? "confusion matrix" : "prediction against target";
}

/** The picture of the hovered unit, else that of the network. */
function pictureOf({ frame }: Playground): Picture | undefined {
  return frame?.unit?.picture ?? frame?.picture;
}

function Picturing({ playground }: Props) {
  useFrames(playground);
  const { opened, request, hovered, frame } = playground;
  const isPlane = !opened || opened.inputs <= 2 || request !== undefined;
  if (hovered && frame?.unit && !frame.unit.picture)
    return <Activations unit={frame.unit} playground={playground} />;
  const picture = pictureOf(playground);
  if (!isPlane && picture?.kind === "confusion") {
    return <ConfusionTable picture={picture} classes={opened.classes} />;
  }
  if (isPlane) return <Plane playground={playground} />;
  return <Predictions playground={playground} />;
}

function Predictions({ playground }: Props) {
  const picture = playground.frame?.picture;
  const range = picture?.kind === "scatter" ? picture.range.map(formatTick).join(" to ") : "";
  return (
    <div class="plane">
      <Canvas
        playground={playground}
        every={1}
        label="Predictions against targets: the closer to the diagonal, the better."
        draw={(drawing) => {
          const scatter = pictureOf(playground);
          if (scatter?.kind === "scatter") drawScatter(drawing, scatter, currentColours());
        }}
      />
      <p class="ticks" aria-hidden="true">
        <span>target: {range}</span>
        <span>prediction: {range}</span>
      </p>
    </div>
  );
}

/** The activations of a unit for the first rows, as bars. */
function Activations({
  unit,
  playground,
}: {
  readonly unit: UnitActivations;
  readonly playground: Playground;
}) {
  return (
    <div class="plane">
      <Canvas
        playground={playground}
        every={1}
        label={`Activations of the unit for ${unit.rows.length} training rows.`}
        draw={({ context, width, height }) => {
          const rows = playground.frame?.unit?.rows;
          if (!rows) return;
          const colours = currentColours();
          const largest = rows.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-6);
          const y = scaleOf([-largest, largest], height - 10, 10);
          rows.forEach((value, i) => {
            context.fillStyle = colours.classes[value < 0 ? 0 : 1]!;
            context.fillRect(
              (i / rows.length) * width,
              y(0),
              Math.max(1, width / rows.length - 0.4),
              y(value) - y(0),
            );
          });
        }}
      />
      <p class="ticks">Activations for the first {unit.rows.length} training rows</p>
    </div>
  );
}

type Brush = "none" | 0 | 1 | "erase";

const BRUSHES: readonly (readonly [brush: Brush, label: string])[] = [
  ["none", "Look"],
  [0, "Class 0"],
  [1, "Class 1"],
  ["erase", "Erase"],
];

/** The brush outlives the plane, which is made anew when data changes. */
let chosenBrush: Brush = "none";

function Plane({ playground }: Props) {
  const { request, experiment } = playground;
  const { takesPoints }: DatasetChoice = DATASETS[experiment.data.dataset];
  const isDrawn = experiment.data.dataset === "drawn";
  const [brush, setBrush] = useState<Brush>(chosenBrush);
  // Points of a stroke that has not ended.
  const stroke = useRef<readonly Point[] | undefined>(undefined);
  const pointer = useRef({ x: 0, y: 0, isShown: false });
  const [, render] = useState(0);
  const active: Brush = takesPoints ? (isDrawn && brush === "none" ? 0 : brush) : "none";
  const bounds = request === undefined ? (pictureBounds(playground) ?? EMPTY) : EMPTY;
  const points = () => stroke.current ?? experiment.data.points;

  const choose = (next: Brush) => {
    chosenBrush = next;
    setBrush(next);
  };
  const paint = (x: number, y: number) => {
    if (active === "none") return;
    stroke.current =
      active === "erase" ? erased(points(), x, y, bounds) : withPoint(points(), [x, y, active]);
    render((count) => count + 1);
  };
  const finish = () => {
    const drawn = stroke.current;
    stroke.current = undefined;
    if (drawn && drawn !== experiment.data.points) void playground.drawPoints(drawn);
  };
  const at = (event: PointerEvent): [number, number] => {
    const { left, top, width, height } = (event.currentTarget as Element).getBoundingClientRect();
    return [
      scaleOf([0, width], ...bounds.x)(event.clientX - left),
      scaleOf([height, 0], ...bounds.y)(event.clientY - top),
    ];
  };
  const keyboard = (event: KeyboardEvent) => {
    const move = MOVES[event.key];
    if (move) {
      const { x, y } = pointer.current;
      const size = bounds.x[1] - bounds.x[0];
      pointer.current = { x: x + move[0] * size * 0.04, y: y + move[1] * size * 0.04, isShown: true };
      render((count) => count + 1);
    } else if (event.key === "Enter" || event.key === " ") {
      paint(pointer.current.x, pointer.current.y);
      finish();
    } else {
      return;
    }
    event.preventDefault();
  };

  return (
    <>
      <div class="plane">
        <Canvas playground={playground} every={1} draw={(drawing) => drawPicture(drawing, playground)} />
        <Canvas
          playground={playground}
          every={0}
          draw={(drawing) => {
            drawRows(drawing, playground, bounds);
            drawStroke(drawing, stroke.current ?? (request === undefined ? [] : points()), bounds);
            if (pointer.current.isShown) drawCross(drawing, pointer.current, bounds);
          }}
        />
        <div
          class={`sheet ${active === "none" ? "" : "drawing"}`}
          role="img"
          aria-label={labelOf(playground, active)}
          // The plane takes the keyboard while points are drawn.
          tabIndex={active === "none" ? undefined : 0}
          onKeyDown={keyboard}
          onBlur={() => {
            pointer.current = { ...pointer.current, isShown: false };
            render((count) => count + 1);
          }}
          onPointerDown={(event) => {
            if (active === "none") return;
            (event.currentTarget as Element).setPointerCapture(event.pointerId);
            paint(...at(event));
          }}
          onPointerMove={(event) => {
            if (event.buttons > 0 && stroke.current) paint(...at(event));
          }}
          onPointerUp={finish}
          onPointerCancel={finish}
        />
        {request?.what === "points" && <p class="request">{request.sentence}</p>}
        <Ticks bounds={bounds} playground={playground} />
      </div>
      {takesPoints && (
        <fieldset class="brushes" aria-label="Draw points">
          {BRUSHES.filter(([name]) => !(isDrawn && name === "none")).map(([name, label]) => (
            <button
              key={label}
              type="button"
              class={typeof name === "number" ? `dot-${name}` : ""}
              aria-pressed={name === active}
              onClick={() => choose(name)}
            >
              {label}
            </button>
          ))}
        </fieldset>
      )}
    </>
  );
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function pictureBounds(playground: Playground): Bounds | undefined {
  const picture = pictureOf(playground);
  return picture && "bounds" in picture ? picture.bounds : undefined;
}

function labelOf({ opened, experiment, request }: Playground, brush: Brush): string {
  const drawing =
    brush === "none"
      ? ""
      : " Draw with the pointer, or move with the arrow keys and press Enter to set a point.";
  if (!opened || request !== undefined) return `The plane of the inputs.${drawing}`;
  const { label }: DatasetChoice = DATASETS[experiment.data.dataset];
  const shows = opened.inputs === 1 ? "the fitted curve" : "the network's output at each place";
  return `The rows of ${label}, and ${shows}.${drawing}`;
}

function withPoint(points: readonly Point[], [x, y, label]: Point): readonly Point[] {
  const isOutside = Math.max(Math.abs(x), Math.abs(y)) > MAX_COORDINATE;
  if (points.length >= MAX_POINTS || isOutside) return points;
  const last = points.at(-1);
  // A stroke sets points at some distance from each other.
  if (last && last[2] === label && Math.hypot(last[0] - x, last[1] - y) < 0.08) return points;
  // Three decimals keep the address short.
  return [...points, [round(x), round(y), label]];
}

const round = (value: number) => Math.round(value * 1000) / 1000;

function erased(points: readonly Point[], x: number, y: number, bounds: Bounds): readonly Point[] {
  const reach = (bounds.x[1] - bounds.x[0]) * 0.04;
  const kept = points.filter((point) => Math.hypot(point[0] - x, point[1] - y) > reach);
  return kept.length === points.length ? points : kept;
}

function drawPicture(drawing: Drawing, playground: Playground): void {
  const { opened, request, hovered, frame } = playground;
  const picture = pictureOf(playground);
  if (!opened || request !== undefined || !picture) return;
  const colours = currentColours();
  const classes = hovered && frame?.unit ? 0 : opened.classes.length;
  if (picture.kind === "surface") drawSurface(drawing, picture, classes, colours);
  if (picture.kind !== "curve") return;
  // The curve covers the points, not the other way round.
  if (opened.rows && !hovered) drawPoints(drawing, opened.rows, picture.bounds, 0, undefined, colours);
  drawCurve(drawing, picture, colours);
}

function drawRows(drawing: Drawing, playground: Playground, bounds: Bounds): void {
  const { opened, request, frame } = playground;
  if (!opened?.rows || opened.inputs === 1 || request !== undefined) return;
  const picture = frame?.picture;
  const range = picture?.kind === "surface" ? picture.range : undefined;
  drawPoints(drawing, opened.rows, bounds, opened.classes.length, range, currentColours());
}

function drawStroke({ context, width, height }: Drawing, points: readonly Point[], bounds: Bounds): void {
  const colours = currentColours();
  const x = scaleOf(bounds.x, 0, width);
  const y = scaleOf(bounds.y, height, 0);
  for (const [left, top, label] of points) {
    const style = { colour: colours.classes[label]!, isDiamond: label === 1, isHollow: false };
    drawPoint(context, x(left), y(top), 4, style, colours.plane);
  }
}

function drawCross({ context, width, height }: Drawing, at: { x: number; y: number }, bounds: Bounds): void {
  const [x, y] = [scaleOf(bounds.x, 0, width)(at.x), scaleOf(bounds.y, height, 0)(at.y)];
  context.beginPath();
  context.moveTo(x - 9, y);
  context.lineTo(x + 9, y);
  context.moveTo(x, y - 9);
  context.lineTo(x, y + 9);
  context.strokeStyle = currentColours().text;
  context.lineWidth = 2;
  context.stroke();
}

function Ticks({
  bounds,
  playground: { opened },
}: {
  readonly bounds: Bounds;
  readonly playground: Playground;
}) {
  const [horizontal = "x", vertical = "y"] = opened?.inputNames ?? [];
  return (
    <p class="ticks" aria-hidden="true">
      <span>
        {horizontal}: {formatTick(bounds.x[0])} to {formatTick(bounds.x[1])}
      </span>
      <span>
        {opened?.inputs === 1 ? "target" : vertical}: {formatTick(bounds.y[0])} to {formatTick(bounds.y[1])}
      </span>
    </p>
  );
}

function DrawingHint({ playground }: Props) {
  const { points, dataset } = playground.experiment.data;
  if (points.length === 0) return null;
  return (
    <p class="hint">
      {countOf(points.length, "point")} drawn.{" "}
      {dataset !== "drawn" && (
        <button type="button" class="link" onClick={() => void playground.drawPoints([])}>
          Remove them
        </button>
      )}
    </p>
  );
}
