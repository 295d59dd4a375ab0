// The loss and the metrics over the epochs, for training and validation.

import { useState } from "preact/hooks";
import { Canvas } from "./canvas.js";
import { Panel } from "./controls.js";
import { drawChart, type Line } from "./drawing/chart.js";
import { formatFigure, nameMetric } from "./format.js";
import type { Playground } from "./playground.js";
import { currentColours } from "./theme.js";

interface Props {
  readonly playground: Playground;
}

export function CurvesPanel({ playground }: Props) {
  const [isLog, setLog] = useState(true);
  const hasValidation = (playground.opened?.validationRows ?? 0) > 0;
  const metric = nameMetric(Object.keys(playground.frame?.metrics ?? { accuracy: 0 })[0] ?? "accuracy");
  return (
    <Panel
      name="curves"
      title="Curves"
      aside={
        <label class="switch">
          <input
            type="checkbox"
            checked={isLog}
            onChange={({ currentTarget }) => setLog(currentTarget.checked)}
          />
          Logarithmic loss
        </label>
      }
    >
      <figure>
        <figcaption>
          <span>Loss</span>
          <Legend hasValidation={hasValidation} />
        </figcaption>
        <Canvas
          playground={playground}
          every={4}
          label={summaryOf(playground)}
          draw={(drawing) => drawChart(drawing, lossLines(playground), isLog, currentColours())}
        />
      </figure>
      <figure>
        <figcaption>
          <span>{metric}</span>
        </figcaption>
        <Canvas
          playground={playground}
          every={4}
          label={`${metric} over the epochs.`}
          draw={(drawing) => drawChart(drawing, metricLines(playground), false, currentColours())}
        />
      </figure>
    </Panel>
  );
}

function Legend({ hasValidation }: { readonly hasValidation: boolean }) {
  return (
    <span class="legend">
      <i class="training" /> training
      {hasValidation && (
        <>
          <i class="validation" /> validation
        </>
      )}
    </span>
  );
}

function lossLines({ curves }: Playground): readonly Line[] {
  const { classes, accent } = currentColours();
  return [
    { series: curves.loss, colour: accent, isDashed: false },
    { series: curves.validationLoss, colour: classes[0]!, isDashed: true },
  ];
}

function metricLines({ curves }: Playground): readonly Line[] {
  const { classes, accent } = currentColours();
  return [...curves.metrics].map(([name, series]) => {
    const isValidation = name.startsWith("validation");
    return { series, colour: isValidation ? classes[0]! : accent, isDashed: isValidation };
  });
}

function summaryOf({ curves }: Playground): string {
  const { x, y } = curves.loss;
  if (y.length === 0) return "The loss over the epochs: none yet.";
  return `The loss over ${Math.round(x.at(-1)!)} epochs, from ${formatFigure(y[0])} to ${formatFigure(y.at(-1))}.`;
}
