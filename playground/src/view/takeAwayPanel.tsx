// The trained network as a file, and the program that trains it.

import { useRef, useState } from "preact/hooks";
import digitsUrl from "../../../examples/data/digits.csv?url";
import { DIGITS } from "../experiment/digits.js";
import type { ExportedFile, ExportFormat } from "../training/messages.js";
import { Panel } from "./controls.js";
import { Icon } from "./icons.js";
import type { Playground } from "./playground.js";

interface Props {
  readonly playground: Playground;
}

const FORMATS: Readonly<Record<ExportFormat, readonly [label: string, description: string]>> = {
  program: ["Program", "trains the same network, to the same hash"],
  safetensors: ["safetensors", "for this library, PyTorch and Python"],
  onnx: ["ONNX", "for ONNX Runtime and other programs"],
  javascript: ["JavaScript", "a function without any import"],
  c: ["C", "a function for any compiler"],
};

export function TakeAwayPanel({ playground }: Props) {
  const [program, setProgram] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  const take = async (format: ExportFormat) => {
    const file = await playground.export(format);
    if (!file) return;
    if (format !== "program") return save(file);
    setProgram(new TextDecoder().decode(file.bytes));
    dialog.current!.showModal();
  };
  const saveProgram = async () => {
    const file = await playground.export("program");
    if (file) save(file);
  };
  return (
    <Panel name="take-away" title="Take it away">
      <ul class="formats">
        {(Object.keys(FORMATS) as ExportFormat[]).map((format) => (
          <li key={format}>
            <button
              type="button"
              data-testid={`export-${format}`}
              disabled={!playground.opened}
              onClick={() => void take(format)}
            >
              <Icon name="download" />
              <b>{FORMATS[format][0]}</b>
              <small>{FORMATS[format][1]}</small>
            </button>
          </li>
        ))}
      </ul>
      <dialog ref={dialog} aria-label="The program that trains this network">
        <header>
          <h2>The program that trains this network</h2>
          <button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current!.close()}>
            <Icon name="close" />
          </button>
        </header>
        {/* A long program scrolls, also by keyboard. */}
        <textarea readOnly wrap="off" aria-label="Program" data-testid="program" value={program} />
        <footer>
          {playground.opened?.experiment.data.dataset === "digits" && (
            <a href={digitsUrl} download={DIGITS.file}>
              Save {DIGITS.file}
            </a>
          )}
          {/* Only pages of https or of this machine have it. */}
          {"clipboard" in navigator && (
            <button type="button" onClick={() => void navigator.clipboard.writeText(program)}>
              Copy
            </button>
          )}
          <button type="button" class="primary" data-testid="save-program" onClick={() => void saveProgram()}>
            Save
          </button>
        </footer>
      </dialog>
    </Panel>
  );
}

function save({ name, type, bytes }: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  // The browser has taken the bytes when the click returns, but Safari reads them a little later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
