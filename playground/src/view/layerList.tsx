// The layers as rows that can be changed, added, moved and removed.

import {
  ACTIVATION_NAMES,
  LAYER_KINDS,
  type LayerKind,
  LOSS_CHOICES,
  type LossChoice,
  MAX_LAYERS,
  MAX_UNITS,
  OUTPUT_FIELDS,
} from "../experiment/choices.js";
import type { Experiment, LayerChoice, OutputChoice } from "../experiment/experiment.js";
import { completeValues, type Fields, type Value, type Values } from "../experiment/fields.js";
import { FieldRows } from "./controls.js";
import { Icon } from "./icons.js";
import type { Playground } from "./playground.js";

interface Props {
  readonly playground: Playground;
}

export function LayerList({ playground }: Props) {
  const { experiment } = playground;
  const { layers } = experiment;
  const change = (changed: readonly LayerChoice[]) =>
    void playground.change({ ...experiment, layers: changed });
  return (
    <>
      <ol class="layers">
        {layers.map((layer, i) => (
          <LayerRow
            key={i}
            layer={layer}
            number={i + 1}
            onChange={(changed) => change(layers.with(i, changed))}
            onRemove={() => change(layers.toSpliced(i, 1))}
            onMoveUp={i > 0 ? () => change(layers.toSpliced(i - 1, 2, layer, layers[i - 1]!)) : undefined}
          />
        ))}
        <OutputRow playground={playground} />
      </ol>
      <AddLayer experiment={experiment} onAdd={(layer) => change([...layers, layer])} />
    </>
  );
}

interface LayerRowProps {
  readonly layer: LayerChoice;
  readonly number: number;
  readonly onChange: (layer: LayerChoice) => void;
  readonly onRemove: () => void;
  readonly onMoveUp: (() => void) | undefined;
}

function LayerRow({ layer, number, onChange, onRemove, onMoveUp }: LayerRowProps) {
  const { kind, ...values } = layer;
  const { units, activation } = completeValues(LAYER_KINDS.dense.fields, values);
  const { label, fields }: { label: string; fields: Fields } = LAYER_KINDS[kind];
  const set = (changes: Values) => onChange({ ...layer, ...changes });
  const name = `Layer ${number}`;
  return (
    <li class="layer">
      <div class="row">
        <span class="kind">{label}</span>
        {kind === "dense" && (
          <Units name={name} value={units as number} onChange={(changed) => set({ units: changed })} />
        )}
        {kind === "dense" && (
          <ActivationSelect
            name={name}
            value={activation!}
            onChange={(changed) => set({ activation: changed })}
          />
        )}
        <button type="button" class="quiet remove" aria-label={`Remove layer ${number}`} onClick={onRemove}>
          <Icon name="close" />
        </button>
      </div>
      <Options
        name={name}
        fields={withoutMain(fields)}
        values={values}
        onChange={(changed) => onChange({ ...changed, kind } as LayerChoice)}
        onMoveUp={onMoveUp}
        isOpen={kind !== "dense" && Object.keys(fields).length > 0}
      />
    </li>
  );
}

function OutputRow({ playground }: Props) {
  const { experiment } = playground;
  const { activation: needed, label }: LossChoice = LOSS_CHOICES[experiment.loss.name];
  const change = (output: OutputChoice) => void playground.change({ ...experiment, output });
  const { activation, ...values } = experiment.output;
  return (
    <li class="layer last">
      <div class="row">
        <span class="kind">Output</span>
        <ActivationSelect
          name="Output layer"
          value={activation}
          isDisabled={needed !== undefined}
          title={needed && `The loss "${label}" needs ${needed}.`}
          onChange={(changed) =>
            change({ ...experiment.output, activation: changed as OutputChoice["activation"] })
          }
        />
      </div>
      <Options
        name="Output layer"
        fields={withoutMain(OUTPUT_FIELDS)}
        values={values}
        onChange={(changed) => change({ ...changed, activation })}
        onMoveUp={undefined}
        isOpen={false}
      />
    </li>
  );
}

/** Fields but for those that the row itself shows. */
function withoutMain(fields: Fields): Fields {
  const { units, activation, ...others } = fields;
  return others;
}

interface UnitsProps {
  readonly name: string;
  readonly value: number;
  readonly onChange: (units: number) => void;
}

function Units({ name, value, onChange }: UnitsProps) {
  return (
    <span class="units-control">
      <button
        type="button"
        class="quiet"
        aria-label={`${name}: one unit less`}
        disabled={value <= 1}
        onClick={() => onChange(value - 1)}
      >
        <Icon name="minus" />
      </button>
      <input
        type="number"
        inputMode="numeric"
        aria-label={`${name}: units`}
        min={1}
        max={MAX_UNITS}
        value={String(value)}
        onChange={({ currentTarget }) => {
          if (Number.isNaN(currentTarget.valueAsNumber)) currentTarget.value = String(value);
          else onChange(currentTarget.valueAsNumber);
        }}
      />
      <button
        type="button"
        class="quiet"
        aria-label={`${name}: one unit more`}
        disabled={value >= MAX_UNITS}
        onClick={() => onChange(value + 1)}
      >
        <Icon name="plus" />
      </button>
    </span>
  );
}

interface ActivationSelectProps {
  readonly name: string;
  readonly value: Value;
  readonly isDisabled?: boolean;
  readonly title?: string | undefined;
  readonly onChange: (activation: string) => void;
}

function ActivationSelect({ name, value, isDisabled = false, title, onChange }: ActivationSelectProps) {
  return (
    <select
      aria-label={`${name}: activation`}
      value={String(value)}
      disabled={isDisabled}
      title={title}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      {ACTIVATION_NAMES.map((activation) => (
        <option key={activation}>{activation}</option>
      ))}
    </select>
  );
}

interface OptionsProps {
  readonly name: string;
  readonly fields: Fields;
  readonly values: Values;
  readonly onChange: (values: Values) => void;
  readonly onMoveUp: (() => void) | undefined;
  readonly isOpen: boolean;
}

function Options({ name, fields, values, onChange, onMoveUp, isOpen }: OptionsProps) {
  if (Object.keys(fields).length === 0 && !onMoveUp) return null;
  return (
    <details open={isOpen}>
      <summary aria-label={`${name}: options`}>
        <Icon name="more" />
      </summary>
      <div class="fields">
        <FieldRows fields={fields} values={values} onChange={onChange} />
        {onMoveUp && (
          <button type="button" class="link" onClick={onMoveUp}>
            Move {name.toLowerCase()} up
          </button>
        )}
      </div>
    </details>
  );
}

interface AddLayerProps {
  readonly experiment: Experiment;
  readonly onAdd: (layer: LayerChoice) => void;
}

function AddLayer({ experiment, onAdd }: AddLayerProps) {
  const kinds = Object.keys(LAYER_KINDS) as LayerKind[];
  return (
    <fieldset class="add" aria-label="Add a layer">
      {kinds.map((kind) => (
        <button
          key={kind}
          type="button"
          disabled={experiment.layers.length >= MAX_LAYERS}
          data-testid={`add-${kind}`}
          aria-label={`Add ${LAYER_KINDS[kind].label}`}
          onClick={() => onAdd({ kind })}
        >
          <Icon name="plus" />
          {LAYER_KINDS[kind].label}
        </button>
      ))}
    </fieldset>
  );
}
