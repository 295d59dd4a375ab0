// Controls made from the tables of choices: one for each kind of field.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { completeValues, type Field, type Fields, type Value, type Values } from "../experiment/fields.js";
import { nameChoice } from "./format.js";

interface ControlProps<Kind extends Field["kind"] = Field["kind"]> {
  readonly id: string;
  readonly field: Extract<Field, { kind: Kind }>;
  readonly value: Value;
  readonly isDisabled: boolean;
  readonly onChange: (value: Value) => void;
}

const CONTROLS: { readonly [Kind in Field["kind"]]: (props: ControlProps<Kind>) => ComponentChildren } = {
  number: ({ id, field, value, isDisabled, onChange }) => (
    <input
      id={id}
      type="number"
      inputMode={field.isInteger ? "numeric" : "decimal"}
      step={field.isInteger ? 1 : "any"}
      min={field.min}
      max={field.max}
      value={String(value)}
      disabled={isDisabled}
      onChange={({ currentTarget }) => {
        // An empty or broken number is put back.
        if (Number.isNaN(currentTarget.valueAsNumber)) currentTarget.value = String(value);
        else onChange(currentTarget.valueAsNumber);
      }}
    />
  ),
  choice: ({ id, field, value, isDisabled, onChange }) => (
    <select
      id={id}
      value={String(value)}
      disabled={isDisabled}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      {field.values.map((name) => (
        <option key={name} value={name}>
          {nameChoice(name)}
        </option>
      ))}
    </select>
  ),
  flag: ({ id, value, isDisabled, onChange }) => (
    <input
      id={id}
      type="checkbox"
      checked={value === true}
      disabled={isDisabled}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
    />
  ),
  numbers: ({ id, value, isDisabled, onChange }) => (
    <input
      id={id}
      type="text"
      inputMode="decimal"
      value={(value as readonly number[]).join(", ")}
      disabled={isDisabled}
      onChange={({ currentTarget }) => onChange(currentTarget.value.split(/[\s,;]+/).map(Number))}
    />
  ),
};

interface FieldRowProps {
  readonly field: Field;
  readonly value: Value;
  readonly isDisabled?: boolean;
  readonly onChange: (value: Value) => void;
}

/** A label and its control. */
export function FieldRow({ field, value, isDisabled = false, onChange }: FieldRowProps) {
  const id = useId();
  const Control = CONTROLS[field.kind] as (props: ControlProps) => ComponentChildren;
  return (
    <div class={`field ${field.kind}`}>
      <label for={id}>{field.label}</label>
      <Control id={id} field={field} value={value} isDisabled={isDisabled} onChange={onChange} />
    </div>
  );
}

interface FieldRowsProps {
  readonly fields: Fields;
  readonly values: Values;
  /** Called with the values that differ from the defaults. */
  readonly onChange: (values: Values) => void;
}

/** A control for each field. */
export function FieldRows({ fields, values, onChange }: FieldRowsProps) {
  const complete = completeValues(fields, values);
  return (
    <>
      {Object.entries(fields).map(([name, field]) => (
        <FieldRow
          key={name}
          field={field}
          value={complete[name]!}
          onChange={(value) => onChange({ ...values, [name]: value })}
        />
      ))}
    </>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly text: string;
  readonly isDisabled?: boolean;
  readonly onChange: (value: number) => void;
}

/** A slider with its value as text. */
export function Slider({ label, value, min, max, step, text, isDisabled = false, onChange }: SliderProps) {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <output for={id}>{text}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        disabled={isDisabled}
        onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
      />
    </div>
  );
}

interface NamedSelectProps<Name extends string> {
  readonly label: string;
  readonly table: Readonly<Record<Name, { readonly label: string }>>;
  readonly value: Name;
  readonly isOffered?: (name: Name) => boolean;
  readonly onChange: (name: Name) => void;
}

/** A choice of one entry of a table, by its label. */
export function NamedSelect<Name extends string>(props: NamedSelectProps<Name>) {
  const { label, table, value, isOffered = () => true, onChange } = props;
  const id = useId();
  return (
    <div class="field named">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value as Name)}>
        {(Object.keys(table) as Name[]).map((name) => (
          <option key={name} value={name} disabled={!isOffered(name)}>
            {table[name].label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface PanelProps {
  readonly name: string;
  readonly title: string;
  /** At the right of the title. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of the page with a heading. */
export function Panel({ name, title, aside, children }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
