// The network: its drawing, whose units can be looked at, and the layers, which can be changed.

import { useRef } from "preact/hooks";
import type { UnitAddress } from "../training/messages.js";
import { Canvas } from "./canvas.js";
import { Panel } from "./controls.js";
import { type Column, columnsOf, drawNetwork, hasUnits, heightOf } from "./drawing/network.js";
import { formatCount } from "./format.js";
import { LayerList } from "./layerList.js";
import type { Playground } from "./playground.js";
import { currentColours } from "./theme.js";

interface Props {
  readonly playground: Playground;
}

export function NetworkPanel({ playground }: Props) {
  const { opened } = playground;
  return (
    <Panel
      name="network"
      title="Network"
      aside={<small>{opened ? `${formatCount(opened.parameters)} parameters` : ""}</small>}
    >
      <Diagram playground={playground} />
      <LayerList playground={playground} />
    </Panel>
  );
}

function Diagram({ playground }: Props) {
  const { opened, hovered } = playground;
  const group = useRef<HTMLDivElement>(null);
  if (!opened) return <div class="diagram" />;
  const columns = columnsOf(opened.inputs, opened.layers);
  const isDense = columns.length > 7;
  const labelOf = (column: Column) => {
    const layer = opened.layers[column.layer];
    if (!layer) return "input";
    return layer.activation ?? layer.kind;
  };
  return (
    <div class="diagram" ref={group}>
      <Canvas
        playground={playground}
        every={2}
        draw={(drawing) =>
          drawNetwork(drawing, columns, playground.frame?.weights ?? [], playground.hovered, currentColours())
        }
      />
      <fieldset class="units" aria-label="Units of the network. Arrow keys move between them.">
        {columns.map((column) => (
          <div
            key={column.layer}
            class={`column ${hasUnits(column) ? "" : "bar"}`}
            style={{ left: `${column.x * 100}%` }}
          >
            {hasUnits(column) &&
              Array.from({ length: column.shown }, (_, unit) => (
                <UnitMark
                  key={unit}
                  column={column}
                  unit={unit}
                  label={labelOf(column)}
                  inputName={opened.inputNames[unit]}
                  isHovered={hovered?.layer === column.layer && hovered.unit === unit}
                  isFirst={column.layer === 0 && unit === 0}
                  onHover={(address) => playground.hover(address)}
                  onMove={(key) => focusNext(group.current!, columns, column, unit, key)}
                />
              ))}
            {hasUnits(column) && column.units > column.shown && (
              <span class="rest" style={{ top: `${heightOf(column, column.shown) * 100}%` }}>
                +{column.units - column.shown}
              </span>
            )}
          </div>
        ))}
      </fieldset>
      <div class={`captions ${isDense ? "dense" : ""}`} aria-hidden="true">
        {columns.map((column) => (
          <span key={column.layer} style={{ left: `${column.x * 100}%` }}>
            {hasUnits(column) && <b>{column.units}</b>}
            {!isDense && ` ${labelOf(column)}`}
          </span>
        ))}
      </div>
    </div>
  );
}

interface UnitMarkProps {
  readonly column: Column;
  readonly unit: number;
  readonly label: string;
  readonly inputName: string | undefined;
  readonly isHovered: boolean;
  /** The unit that the Tab key reaches: the others are reached by arrow keys. */
  readonly isFirst: boolean;
  readonly onHover: (address: UnitAddress | undefined) => void;
  readonly onMove: (key: string) => boolean;
}

function UnitMark({ column, unit, label, inputName, isHovered, isFirst, onHover, onMove }: UnitMarkProps) {
  const style = { top: `${heightOf(column, unit) * 100}%` };
  if (column.layer < 0) return <span class="unit input" style={style} title={inputName} />;
  const hover = () => onHover({ layer: column.layer, unit });
  const leave = () => onHover(undefined);
  return (
    <button
      type="button"
      class={`unit ${isHovered ? "hovered" : ""}`}
      style={style}
      tabIndex={isFirst ? 0 : -1}
      data-unit={`${column.layer} ${unit}`}
      aria-label={`Unit ${unit + 1} of layer ${column.layer + 1}, ${label}`}
      onPointerEnter={hover}
      onPointerLeave={leave}
      onFocus={hover}
      onBlur={leave}
      onKeyDown={(event) => {
        if (onMove(event.key)) event.preventDefault();
      }}
    />
  );
}

const MOVES: Readonly<Record<string, readonly [columns: number, units: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Moves the focus to the neighbour of a unit. Returns whether the key does that. */
function focusNext(
  group: HTMLElement,
  columns: readonly Column[],
  from: Column,
  unit: number,
  key: string,
): boolean {
  const move = MOVES[key];
  if (!move) return false;
  const withUnits = columns.filter((column) => column.layer >= 0 && hasUnits(column));
  const column = withUnits[withUnits.indexOf(from) + move[0]] ?? from;
  const next = Math.min(column.shown - 1, Math.max(0, unit + move[1]));
  group.querySelector<HTMLElement>(`[data-unit="${column.layer} ${next}"]`)?.focus();
  return true;
}
