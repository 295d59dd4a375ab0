/** The colours of 0, one half and 1 on a decision surface. */
export const LOW_COLOR = "#4a7fc1";
export const MIDDLE_COLOR = "#f6f1e7";
export const HIGH_COLOR = "#e08543";

/** The colours of data with the target 0 and 1: the same hues, but darker than the surface. */
export const DOT_COLORS = ["#173f75", "#9c4309"];

export const STYLE = `
  :root {
    color-scheme: light dark;
    --paper: #fdfdfb; --card: #fff; --ink: #1d1f23; --faint: #6a6f78; --rule: #e3e3de;
    --accent: #2f6bb0; --good: #2c7a4b; --bad: #b3362b;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --paper: #15171a; --card: #1c1f23; --ink: #e6e7e9; --faint: #9aa0a9; --rule: #33373d;
      --accent: #7fb0ea; --good: #6cc493; --bad: #f08a80;
    }
  }
  * { box-sizing: border-box; }
  body {
    margin: 0 auto; max-width: 70rem; padding: 3rem 1.5rem 4rem;
    background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  }
  h1 { margin: 0; font-size: 2.2rem; line-height: 1.15; letter-spacing: -0.02em; }
  h2 { margin: 0; font-size: 1.35rem; letter-spacing: -0.01em; }
  p { margin: 0.4rem 0 0; max-width: 44rem; color: var(--faint); text-wrap: pretty; }
  .note { font-size: 0.8125rem; }
  a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: 0.2em; }
  code { font: 0.85em ui-monospace, monospace; color: var(--faint); }
  h2 code { margin-right: 0.6em; }
  header { margin-bottom: 2rem; }
  section {
    margin-top: 2rem; padding: 1.5rem; background: var(--card);
    border: 1px solid var(--rule); border-radius: 10px;
  }
  .columns { display: grid; grid-template-columns: minmax(0, 46fr) minmax(0, 54fr); gap: 1.5rem 2rem; margin-top: 1.25rem; }
  figure { margin: 0 0 1.25rem; }
  figcaption { margin-bottom: 0.25rem; font-size: 0.875rem; font-weight: 600; }
  figure svg { width: 100%; height: auto; }
  .surface { display: flex; align-items: flex-end; gap: 1rem; }
  .surface svg { flex: 0 1 400px; min-width: 0; }
  .legend { margin-bottom: 2.5rem; font-size: 0.8125rem; line-height: 1.35; color: var(--faint); }
  .ramp {
    width: 0.9rem; height: 7rem; margin: 0.25rem 0; border-radius: 3px;
    background: linear-gradient(to top, ${LOW_COLOR}, ${MIDDLE_COLOR}, ${HIGH_COLOR});
  }
  .scrolling { overflow-x: auto; }
  table { width: 100%; border-collapse: collapse; font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
  th, td { padding: 0.28rem 0 0.28rem 1rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: pre; }
  th { font-weight: 600; color: var(--faint); }
  th:first-child, td:first-child { padding-left: 0; }
  th:first-child, td:first-child, .overview :is(th, td):nth-child(2) { text-align: left; }
  .good { color: var(--good); }
  .bad { color: var(--bad); }
  @media (max-width: 52rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
`;
