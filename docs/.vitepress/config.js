import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { fenceIndented, lineAnchors, linkPages, showCaptions, slugOf } from "./markdown.js";
import { sidebar } from "./sidebar.js";

const { DOCS_BASE = "/" } = process.env;

const hasPlayground = existsSync(fileURLToPath(new URL("../public/playground/index.html", import.meta.url)));

export default defineConfig({
  title: "backprop-wasm",
  description:
    "Train dense neural networks by backpropagation where JavaScript runs, with the same bits in every engine.",
  lang: "en",
  base: DOCS_BASE,
  outDir: "dist",
  // Once in a file instead of in each page.
  metaChunk: true,
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${DOCS_BASE}icon.svg` }]],
  markdown: {
    math: true,
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    anchor: { slugify: slugOf },
    codeTransformers: [lineAnchors],
    config: (md) => md.use(linkPages).use(showCaptions).use(fenceIndented),
  },
  // Not as frontmatter: in the repository, index.md is a page like the others.
  transformPageData: ({ relativePath }) =>
    relativePath === "index.md"
      ? {
          frontmatter: {
            sidebar: false,
            aside: false,
            outline: false,
            pageClass: "home",
            titleTemplate: false,
          },
        }
      : undefined,
  themeConfig: {
    nav: [
      { text: "Guide", link: "/guide/" },
      { text: "Reference", link: "/reference/index", activeMatch: "/reference/" },
      { text: "Changelog", link: "/repository/CHANGELOG" },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: "local" },
  },
  vite: {
    define: { __HAS_PLAYGROUND__: hasPlayground },
    build: { chunkSizeWarningLimit: 2000 },
  },
});
