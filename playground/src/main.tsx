import { render } from "preact";
import "./view/styles.css";
import { App } from "./view/app.js";
import { Playground } from "./view/playground.js";

const playground = new Playground();
render(<App playground={playground} />, document.getElementById("app")!);
void playground.openAddress();
window.addEventListener("hashchange", () => void playground.openAddress());

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  // Without it, as in some private windows, the page works, but not offline.
  navigator.serviceWorker.register("./serviceWorker.js").catch(() => undefined);
}
