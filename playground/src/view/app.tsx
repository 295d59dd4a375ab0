import { useEffect, useState } from "preact/hooks";
import { CurvesPanel } from "./curvesPanel.js";
import { DataPanel } from "./dataPanel.js";
import { useSubscription } from "./hooks.js";
import { Icon } from "./icons.js";
import { NetworkPanel } from "./networkPanel.js";
import { NotebooksPanel } from "./notebooksPanel.js";
import { OutputPanel } from "./outputPanel.js";
import type { Playground } from "./playground.js";
import { SameBits } from "./sameBits.js";
import { TakeAwayPanel } from "./takeAwayPanel.js";
import { currentScheme, setScheme, subscribeToScheme } from "./theme.js";
import { TrainingPanel } from "./trainingPanel.js";
import { Transport } from "./transport.js";

interface Props {
  readonly playground: Playground;
}

export function App({ playground }: Props) {
  useSubscription((listener) => playground.subscribe(listener));
  const isDropping = useDrop(playground);
  return (
    <>
      <Header />
      <Transport playground={playground} />
      <ErrorMessage playground={playground} />
      <main>
        <div class="column-of-panels">
          <DataPanel playground={playground} />
          <TrainingPanel playground={playground} />
        </div>
        <div class="column-of-panels">
          <NetworkPanel playground={playground} />
          <SameBits playground={playground} />
          <TakeAwayPanel playground={playground} />
        </div>
        <div class="column-of-panels">
          <OutputPanel playground={playground} />
          <CurvesPanel playground={playground} />
        </div>
        <NotebooksPanel playground={playground} />
      </main>
      <footer class="page">
        <p>
          Trained in this tab by backprop-wasm: TypeScript and WebAssembly. Nothing is sent anywhere. Once
          loaded, the page works offline. <a href="./licences.txt">Licences</a>
        </p>
      </footer>
      <p class="hidden" role="status">
        {playground.announcement}
      </p>
      {isDropping && (
        <div class="dropping" aria-hidden="true">
          Drop the CSV file
        </div>
      )}
    </>
  );
}

function Header() {
  useSubscription(subscribeToScheme);
  const other = currentScheme() === "dark" ? "light" : "dark";
  return (
    <header class="page">
      <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M8 8.5 24 16 8 23.5" />
        <circle class="dot-0" cx="8" cy="8.5" r="4.2" />
        <circle class="dot-0" cx="8" cy="23.5" r="4.2" />
        <circle class="dot-1" cx="24" cy="16" r="5" />
      </svg>
      <div>
        <h1>backprop-wasm playground</h1>
        <p>Train a small network in your browser, to the same bits on every machine.</p>
      </div>
      <button
        type="button"
        class="quiet"
        aria-label={`Use ${other} colours`}
        onClick={() => setScheme(other)}
      >
        <Icon name={other === "dark" ? "moon" : "sun"} />
      </button>
    </header>
  );
}

function ErrorMessage({ playground }: Props) {
  return (
    <div role="alert">
      {playground.error !== undefined && (
        <div class="error">
          <p data-testid="error">{playground.error}</p>
          <button
            type="button"
            class="quiet"
            aria-label="Dismiss the message"
            onClick={() => playground.dismissError()}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}

/** Takes files that are dropped anywhere. Returns whether one is being dragged over the page. */
function useDrop(playground: Playground): boolean {
  const [isDropping, setDropping] = useState(false);
  useEffect(() => {
    const hasFile = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;
    const onDragOver = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setDropping(true);
    };
    const onDragLeave = ({ relatedTarget }: DragEvent) => {
      if (relatedTarget === null) setDropping(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setDropping(false);
      const file = event.dataTransfer?.files[0];
      if (file) void playground.takeFile(file);
    };
    const listeners = { dragover: onDragOver, dragleave: onDragLeave, drop: onDrop };
    for (const [name, listener] of Object.entries(listeners)) {
      window.addEventListener(name, listener as EventListener);
    }
    return () => {
      for (const [name, listener] of Object.entries(listeners)) {
        window.removeEventListener(name, listener as EventListener);
      }
    };
  }, [playground]);
  return isDropping;
}
