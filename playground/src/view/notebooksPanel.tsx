// The notebooks as experiments, and their printed figures beside the computed ones.

import type { Notebook, PrintedFigure } from "../notebooks/notebook.js";
import { NOTEBOOKS } from "../notebooks/notebooks.js";
import type { ComputedFigure } from "../training/messages.js";
import { Panel } from "./controls.js";
import { useFrames } from "./hooks.js";
import type { Playground } from "./playground.js";

interface Props {
  readonly playground: Playground;
}

export function NotebooksPanel({ playground }: Props) {
  return (
    <Panel name="notebooks" title="Notebooks">
      <p>
        Programs in NumPy and PyTorch, trained here from the same seeds. Each table shows the printed figures
        beside those computed here.
      </p>
      <ul class="cards">
        {NOTEBOOKS.map((notebook) => (
          <li key={notebook.name} class={playground.notebook === notebook ? "open" : ""}>
            <h3>{notebook.title}</h3>
            <p>{notebook.description}</p>
            <button
              type="button"
              data-testid={`notebook-${notebook.name}`}
              onClick={() => void playground.openNotebook(notebook)}
            >
              Train it
              <span class="hidden">: {notebook.title}</span>
            </button>
          </li>
        ))}
      </ul>
      {playground.notebook && <Figures playground={playground} notebook={playground.notebook} />}
    </Panel>
  );
}

function Figures({ playground, notebook }: Props & { readonly notebook: Notebook }) {
  useFrames(playground);
  const computed = new Map(playground.frame?.figures.map((figure) => [figure.figure, figure]));
  return (
    <div class="figures-of-notebook" data-testid="figures">
      {notebook.figures.map((figure) => (
        <FigureTable key={figure.figure} figure={figure} computed={computed.get(figure.figure)} />
      ))}
    </div>
  );
}

interface FigureTableProps {
  readonly figure: PrintedFigure;
  readonly computed: ComputedFigure | undefined;
}

function FigureTable({ figure, computed }: FigureTableProps) {
  const { labels, printed, decimals } = figure;
  return (
    <table>
      <caption>{figure.figure}</caption>
      <thead>
        <tr>
          <td />
          {printed && <th scope="col">printed</th>}
          <th scope="col">computed here</th>
        </tr>
      </thead>
      <tbody>
        {labels.map((label, i) => {
          const text = textOf(computed?.lines[i], decimals);
          const expected = textOf(printed?.[i], decimals);
          const isSame = text !== undefined && text === expected;
          return (
            <tr key={label}>
              <th scope="row">{label}</th>
              {printed && <td>{expected}</td>}
              <td class={isSame ? "same" : ""}>
                {text ?? "…"}
                {isSame && <span class="hidden"> (the same)</span>}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function textOf(numbers: readonly number[] | undefined, decimals: number): string | undefined {
  return numbers?.map((value) => value.toFixed(decimals)).join("  ");
}
