// Run, pause, one step, one epoch, reset, speed; and the figures of training.

import { Slider } from "./controls.js";
import { countOf, formatCount, formatFigure, nameMetric } from "./format.js";
import { useFrames } from "./hooks.js";
import { Icon, type IconName } from "./icons.js";
import { type Playground, SPEEDS } from "./playground.js";

interface Props {
  readonly playground: Playground;
}

export function Transport({ playground }: Props) {
  return (
    <section class="transport" aria-label="Controls and figures">
      <Buttons playground={playground} />
      <Speed playground={playground} />
      <Figures playground={playground} />
    </section>
  );
}

function Buttons({ playground }: Props) {
  const isRunning = playground.state === "running";
  const isReady = playground.opened !== undefined && playground.request === undefined;
  const others: readonly [name: IconName & ("step" | "epoch" | "reset"), label: string][] = [
    ["step", "One step"],
    ["epoch", "One epoch"],
    ["reset", "Reset"],
  ];
  return (
    <div class="buttons">
      <button
        type="button"
        class="run"
        data-testid={isRunning ? "pause" : "run"}
        disabled={!isReady && !isRunning}
        onClick={() => (isRunning ? playground.pause() : playground.run())}
      >
        <Icon name={isRunning ? "pause" : "run"} />
        <span>{isRunning ? "Pause" : "Run"}</span>
      </button>
      {others.map(([name, label]) => (
        <button
          key={name}
          type="button"
          class="quiet"
          data-testid={name}
          disabled={!isReady}
          title={label}
          onClick={() => playground[name]()}
        >
          <Icon name={name} />
          <span>{label}</span>
        </button>
      ))}
    </div>
  );
}

function Speed({ playground }: Props) {
  const speed = SPEEDS[playground.speed]!;
  return (
    <div class="speed">
      <Slider
        label="Speed"
        value={playground.speed}
        min={0}
        max={SPEEDS.length - 1}
        step={1}
        text={Number.isFinite(speed) ? `${countOf(speed, "epoch")} a second` : "as fast as it can"}
        onChange={(position) => playground.setSpeed(position)}
      />
    </div>
  );
}

function Figures({ playground }: Props) {
  useFrames(playground);
  const { frame, opened, state, frameRate } = playground;
  const isRunning = state === "running";
  const metric = Object.entries(frame?.metrics ?? {}).at(-1);
  const hasValidation = (opened?.validationRows ?? 0) > 0;
  return (
    <dl class="figures">
      <Figure name="Epochs" id="epochs" value={frame ? String(frame.epoch) : "0"} />
      <Figure name="Loss" id="loss" value={formatFigure(frame?.loss)} />
      {hasValidation && (
        <Figure name="Validation loss" id="validation-loss" value={formatFigure(frame?.validationLoss)} />
      )}
      {metric && <Figure name={nameMetric(metric[0])} id="metric" value={formatFigure(metric[1])} />}
      <Figure
        name="Steps a second"
        id="steps-per-second"
        value={isRunning ? formatCount(frame?.stepsPerSecond ?? 0) : "–"}
      />
      <Figure
        name="Frames a second"
        id="frames-per-second"
        value={isRunning ? formatCount(frameRate.perSecond) : "–"}
      />
    </dl>
  );
}

function Figure({ name, id, value }: { readonly name: string; readonly id: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={id}>{value}</dd>
    </div>
  );
}
