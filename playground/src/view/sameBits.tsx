// The hash of the parameters, as text and as a picture that can be compared at a glance; and the address to share.

import { useState } from "preact/hooks";
import { Canvas, type Drawing } from "./canvas.js";
import { Panel } from "./controls.js";
import { countOf } from "./format.js";
import { useFrames } from "./hooks.js";
import { Icon } from "./icons.js";
import type { Playground } from "./playground.js";
import { currentColours } from "./theme.js";

interface Props {
  readonly playground: Playground;
}

export function SameBits({ playground }: Props) {
  return (
    <Panel name="bits" title="Same bits">
      <p>
        The hash of all parameters. Whoever opens the address sees the same one after the same epochs, in any
        browser, on any machine.
      </p>
      <Hash playground={playground} />
      <Share playground={playground} />
    </Panel>
  );
}

function Hash({ playground }: Props) {
  useFrames(playground);
  const { frame } = playground;
  return (
    <figure class="hash">
      <Canvas
        playground={playground}
        every={4}
        draw={(drawing) => drawHash(drawing, playground.frame?.hash ?? "")}
      />
      <figcaption>
        <code data-testid="hash">{frame?.hash ?? ""}</code>
        <small>
          after {countOf(frame?.epoch ?? 0, "epoch")}
          {frame && frame.step > 0 ? ` and ${countOf(frame.step, "step")}` : ""}
        </small>
      </figcaption>
    </figure>
  );
}

const HEX_DIGITS = 64;

/** A bar for each hexadecimal digit: its height is the digit. */
function drawHash({ context, width, height }: Drawing, hash: string): void {
  const { classes, line } = currentColours();
  const step = width / HEX_DIGITS;
  for (let i = 0; i < HEX_DIGITS; i++) {
    const digit = Number.parseInt(hash[i] ?? "0", 16);
    const share = digit / 15;
    const size = 3 + share * (height - 3);
    context.fillStyle = hash === "" ? line : classes[digit < 8 ? 0 : 1]!;
    context.globalAlpha = 0.35 + 0.65 * Math.abs(2 * share - 1);
    context.beginPath();
    context.roundRect(i * step, (height - size) / 2, Math.max(1, step - 1.5), size, 1.5);
    context.fill();
  }
  context.globalAlpha = 1;
}

export function Share({ playground }: Props) {
  const [message, setMessage] = useState("");
  const share = async () => {
    const address = playground.share();
    const after = `It trains ${countOf(playground.frame?.epoch ?? 0, "epoch")}.`;
    try {
      await navigator.clipboard.writeText(address);
      setMessage(`The address is copied. ${after}`);
    } catch {
      setMessage(`The address bar holds the experiment: copy it from there. ${after}`);
    }
  };
  return (
    <div class="share">
      <button
        type="button"
        class="primary"
        data-testid="share"
        disabled={!playground.opened || playground.request !== undefined}
        onClick={() => void share()}
      >
        <Icon name="share" />
        Share this experiment
      </button>
      <p role="status">{message}</p>
    </div>
  );
}
