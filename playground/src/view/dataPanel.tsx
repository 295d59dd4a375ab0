// The data: which, how many rows, noise, split and seed; or the user's own CSV file.

import { useId, useRef } from "preact/hooks";
import { DATA_FIELDS, DATASETS, type DatasetChoice, type DatasetName } from "../experiment/choices.js";
import type { DataChoice, TableChoice } from "../experiment/experiment.js";
import { FieldRow, Panel, Slider } from "./controls.js";
import { formatCount } from "./format.js";
import { columnsFor, type GivenFile, type Playground } from "./playground.js";
import { Thumbnail } from "./thumbnails.js";

interface Props {
  readonly playground: Playground;
}

/** The data sets as tiles; the one of the notebooks is not offered. */
const TILES: Partial<Record<DatasetName, string>> = {
  xor: "XOR",
  circles: "Circles",
  spiral: "Spiral",
  moons: "Moons",
  gaussians: "Gaussians",
  sine: "Sine",
  plane: "Plane",
  drawn: "Draw",
  truthTable: "4 rows",
  digits: "Digits",
  table: "CSV",
};

export function DataPanel({ playground }: Props) {
  const { data } = playground.experiment;
  const { isGenerated }: DatasetChoice = DATASETS[data.dataset];
  const change = (changes: Partial<DataChoice>) =>
    void playground.change({ ...playground.experiment, data: { ...data, ...changes } });
  return (
    <Panel name="data" title="Data">
      <Tiles playground={playground} />
      <FilePart playground={playground} />
      <div class="fields">
        <Slider
          label={DATA_FIELDS.noise.label}
          value={data.noise}
          min={0}
          max={1}
          step={0.05}
          text={percent(data.noise)}
          isDisabled={!isGenerated}
          onChange={(noise) => change({ noise })}
        />
        <Slider
          label={DATA_FIELDS.validation.label}
          value={data.validation}
          min={0}
          max={0.9}
          step={0.05}
          text={percent(data.validation)}
          onChange={(validation) => change({ validation })}
        />
        <FieldRow
          field={DATA_FIELDS.rows}
          value={data.rows}
          isDisabled={!isGenerated}
          onChange={(rows) => change({ rows: rows as number })}
        />
        <FieldRow
          field={DATA_FIELDS.seed}
          value={data.seed}
          onChange={(seed) => change({ seed: seed as number })}
        />
      </div>
      <Summary playground={playground} />
    </Panel>
  );
}

function Tiles({ playground }: Props) {
  const name = useId();
  const { request, experiment } = playground;
  const chosen = request?.what === "file" ? "table" : experiment.data.dataset;
  return (
    <fieldset class="tiles" data-testid="dataset">
      <legend class="hidden">Data set</legend>
      {(Object.keys(TILES) as DatasetName[]).map((dataset) => (
        <label key={dataset} class="tile" title={DATASETS[dataset].label}>
          <input
            type="radio"
            name={name}
            value={dataset}
            checked={dataset === chosen}
            onChange={() => void playground.chooseDataset(dataset)}
          />
          <Thumbnail dataset={dataset} />
          <span>{TILES[dataset]}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** The choice of a file, and of the target and the columns of it. */
function FilePart({ playground }: Props) {
  const { request, experiment, file } = playground;
  const isTable = experiment.data.dataset === "table";
  if (!isTable && request?.what !== "file") return null;
  return (
    <div class="file">
      <FileButton playground={playground} />
      {isTable && file && experiment.data.table?.hash === file.info.hash && (
        <Columns file={file} table={experiment.data.table} playground={playground} />
      )}
    </div>
  );
}

function FileButton({ playground }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const { file, request } = playground;
  return (
    <div class="drop">
      <p>
        {request?.sentence ??
          `${file!.name}, ${formatCount(file!.info.rows)} rows. Drop another file to replace it.`}
      </p>
      <button type="button" onClick={() => input.current!.click()}>
        Choose a file
      </button>
      <input
        ref={input}
        class="hidden"
        type="file"
        tabIndex={-1}
        aria-label="CSV file"
        accept=".csv,.tsv,.txt,text/csv"
        data-testid="file"
        onChange={({ currentTarget }) => {
          const given = currentTarget.files?.[0];
          if (given) void playground.takeFile(given);
          currentTarget.value = "";
        }}
      />
    </div>
  );
}

interface ColumnsProps extends Props {
  readonly file: GivenFile;
  readonly table: TableChoice;
}

function Columns({ file, table, playground }: ColumnsProps) {
  const id = useId();
  const { columns } = file.info;
  const choose = (name: string, isChosen: boolean) => {
    const chosen = new Set(table.columns);
    if (isChosen) chosen.add(name);
    else chosen.delete(name);
    const inOrder = columns.map((column) => column.name).filter((column) => chosen.has(column));
    void playground.chooseColumns({ ...table, columns: inOrder });
  };
  return (
    <>
      <div class="field choice">
        <label for={id}>Target</label>
        <select
          id={id}
          value={table.target}
          data-testid="target"
          onChange={({ currentTarget }) =>
            void playground.chooseColumns(columnsFor(file, currentTarget.value))
          }
        >
          {columns.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      <fieldset class="columns">
        <legend>Columns to predict from</legend>
        {columns
          .filter(({ name }) => name !== table.target)
          .map(({ name, type, distinct }) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={table.columns.includes(name)}
                onChange={({ currentTarget }) => choose(name, currentTarget.checked)}
              />
              <span>{name}</span>
              <small>{type === "category" ? `${distinct} texts` : "numbers"}</small>
            </label>
          ))}
      </fieldset>
    </>
  );
}

function Summary({ playground: { opened, request } }: Props) {
  if (!opened || request !== undefined) return null;
  const { trainingRows, validationRows, steps, notes } = opened;
  return (
    <div class="summary">
      <p>
        {formatCount(trainingRows)} rows to train on, {formatCount(validationRows)} to validate on;{" "}
        {formatCount(steps)} {steps === 1 ? "step" : "steps"} an epoch.
      </p>
      {notes.length > 0 && (
        <details>
          <summary>What was done to rows and columns</summary>
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
