import type { Confusion } from "../training/messages.js";

/** Up to so many classes each cell has its count as text. */
const MAX_SHOWN = 12;

interface Props {
  readonly picture: Confusion;
  readonly classes: readonly string[];
}

export function ConfusionTable({ picture: { of, counts }, classes }: Props) {
  const count = classes.length;
  const largest = counts.reduce((max, value) => Math.max(max, value), 1);
  if (count > MAX_SHOWN) return <p class="hint">A table of {count} classes is too large to show.</p>;
  return (
    <div class="confusion">
      <table>
        <caption>Rows of {of}: true classes downwards, predicted ones to the right</caption>
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col" title={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((name, i) => (
            <tr key={name}>
              <th scope="row" title={name}>
                {name}
              </th>
              {classes.map((predicted, j) => (
                <Cell
                  key={predicted}
                  value={counts[i * count + j]!}
                  share={counts[i * count + j]! / largest}
                  isRight={i === j}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps {
  readonly value: number;
  readonly share: number;
  readonly isRight: boolean;
}

function Cell({ value, share, isRight }: CellProps) {
  const strength = value === 0 ? 0 : 8 + Math.sqrt(share) * 30;
  const colour = isRight ? "var(--class-1)" : "var(--class-0)";
  return (
    <td style={{ background: `color-mix(in srgb, ${colour} ${strength.toFixed(0)}%, transparent)` }}>
      {value || ""}
    </td>
  );
}
