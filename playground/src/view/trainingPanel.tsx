// How it is trained: loss, optimizer, schedule, batches and seed.

import { withLoss } from "../experiment/change.js";
import {
  COMMON_OPTIMIZER_FIELDS,
  LOSS_CHOICES,
  type LossChoice,
  OPTIMIZERS,
  SCHEDULES,
  TRAINING_FIELDS,
  WARMUP_FIELD,
} from "../experiment/choices.js";
import type { Experiment } from "../experiment/experiment.js";
import type { Fields, Value } from "../experiment/fields.js";
import { FieldRow, FieldRows, NamedSelect, Panel } from "./controls.js";
import type { Playground } from "./playground.js";

interface Props {
  readonly playground: Playground;
}

/** What is shown at once; the other fields are under "More". */
const MAIN = ["batchSize", "seed"] as const;
const MORE = ["dtype", "random", "gradients", "threads"] as const;

export function TrainingPanel({ playground }: Props) {
  const { experiment, opened } = playground;
  const { loss, optimizer, schedule } = experiment;
  const change = (changes: Partial<Experiment>) => void playground.change({ ...experiment, ...changes });
  const { learningRate: rateField, ...optimizerFields }: Fields = OPTIMIZERS[optimizer.name].fields;
  const { learningRate } = optimizer.options;
  const isOffered = (name: keyof typeof LOSS_CHOICES) => {
    const { tasks }: LossChoice = LOSS_CHOICES[name];
    return opened === undefined || tasks.includes(opened.task);
  };
  return (
    <Panel name="training" title="Training">
      <div class="fields">
        <NamedSelect
          label="Loss"
          table={LOSS_CHOICES}
          value={loss.name}
          isOffered={isOffered}
          onChange={(name) => void playground.change(withLoss(experiment, name))}
        />
        <NamedSelect
          label="Optimizer"
          table={OPTIMIZERS}
          value={optimizer.name}
          onChange={(name) => change({ optimizer: { name, options: {} } })}
        />
        <FieldRow
          field={rateField!}
          value={learningRate ?? rateField!.default}
          onChange={(value) =>
            change({ optimizer: { ...optimizer, options: { ...optimizer.options, learningRate: value } } })
          }
        />
        <NamedSelect
          label="Schedule"
          table={SCHEDULES}
          value={schedule.name}
          onChange={(name) => change({ schedule: { ...schedule, name, options: {} } })}
        />
        {schedule.name !== "none" && (
          <div class="nested">
            <FieldRows
              fields={SCHEDULES[schedule.name].fields}
              values={schedule.options}
              onChange={(options) => change({ schedule: { ...schedule, options } })}
            />
            <FieldRow
              field={WARMUP_FIELD}
              value={schedule.warmup}
              onChange={(warmup) => change({ schedule: { ...schedule, warmup: warmup as number } })}
            />
          </div>
        )}
        <TrainingFields names={MAIN} playground={playground} />
      </div>
      <details>
        <summary>Options of the loss</summary>
        <div class="fields">
          <FieldRows
            fields={LOSS_CHOICES[loss.name].fields}
            values={loss.options}
            onChange={(options) => change({ loss: { ...loss, options } })}
          />
        </div>
      </details>
      <details>
        <summary>Options of the optimizer</summary>
        <div class="fields">
          <FieldRows
            fields={{ ...optimizerFields, ...COMMON_OPTIMIZER_FIELDS }}
            values={optimizer.options}
            onChange={(options) => change({ optimizer: { ...optimizer, options } })}
          />
        </div>
      </details>
      <details>
        <summary>Numbers and threads</summary>
        <div class="fields">
          <TrainingFields names={MORE} playground={playground} />
          {!crossOriginIsolated && (
            <p class="hint">
              Threads need a cross-origin isolated page: reload this page. If that does not help, open it by
              https.
            </p>
          )}
        </div>
      </details>
    </Panel>
  );
}

interface TrainingFieldsProps extends Props {
  readonly names: readonly ((typeof MAIN)[number] | (typeof MORE)[number])[];
}

function TrainingFields({ names, playground }: TrainingFieldsProps) {
  const { experiment } = playground;
  const change = (name: string, value: Value) => void playground.change({ ...experiment, [name]: value });
  return (
    <>
      {names.map((name) => (
        <FieldRow
          key={name}
          field={TRAINING_FIELDS[name]}
          value={experiment[name]}
          isDisabled={name === "threads" && !crossOriginIsolated}
          onChange={(value) => change(name, value)}
        />
      ))}
    </>
  );
}
