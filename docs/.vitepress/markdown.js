// How pages are read, so that they are the same pages in the repository and on the site: anchors as GitHub makes them,
// links to files of the repository, and the comments above code blocks.

import { posix } from "node:path";

/** Where the site has files of the repository that are not in docs/. */
export const REPOSITORY = "repository";

/**
 * The anchor of a heading, as GitHub makes it.
 *
 * @param {string} heading
 * @returns {string}
 */
export function slugOf(heading) {
  const text = heading.trim().toLowerCase();
  return text.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\s-]/gu, "").replace(/\s/g, "-");
}

/**
 * The file that a link of a page leads to, from the root of the repository. Undefined for links to other sites.
 *
 * @param {string} page Its path from the root.
 * @param {string} link
 * @returns {{ file: string, anchor: string } | undefined} The anchor has its `#`; "" without one.
 */
export function targetOf(page, link) {
  if (/^(\w+:|\/)/.test(link)) return undefined;
  const [path, ...rest] = decodeURI(link).split("#");
  const anchor = rest.length > 0 ? `#${rest.join("#")}` : "";
  return { file: path === "" ? page : posix.join(posix.dirname(page), path), anchor };
}

/**
 * The page of the site that shows a file of the repository, from docs/.
 *
 * @param {string} file Its path from the root.
 */
export function pageOf(file) {
  if (file === "README.md") return "index.md";
  if (file.startsWith("docs/")) return file.slice("docs/".length);
  return `${REPOSITORY}/${file.endsWith(".md") ? file : `${file}.md`}`;
}

/** The inverse of `pageOf`, for pages in Markdown. */
function fileOf(page) {
  return page.startsWith(`${REPOSITORY}/`) ? page.slice(REPOSITORY.length + 1) : `docs/${page}`;
}

/** Makes links between files of the repository links between pages of the site. */
export function linkPages(md) {
  md.core.ruler.push("link-pages", ({ tokens, env }) => {
    if (env.relativePath === undefined) return;
    const file = fileOf(env.relativePath);
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        const target = token.type === "link_open" && targetOf(file, token.attrGet("href"));
        if (!target || target.file === file) continue;
        const path = posix.relative(posix.dirname(env.relativePath), pageOf(target.file));
        token.attrSet("href", path + target.anchor);
      }
    }
  });
}

/** What the comments above code blocks say to readers of the site. */
const CAPTIONS = {
  "not run": (reason) => `Not run by the tests: ${reason}.`,
  "not compiled": (reason) => `Not compiled by the tests: ${reason}.`,
  file: (name) => `The file ${name}`,
  quote: (name) => `In ${name}:`,
};

/** Shows the comments above code blocks, such as `<!-- not run: … -->`: see `CAPTIONS`. */
export function showCaptions(md) {
  const { html_block: render } = md.renderer.rules;
  md.renderer.rules.html_block = (tokens, i, ...rest) => {
    const [, kind, text] =
      /^<!-- (not run|not compiled|file|quote): (.+) -->\s*$/.exec(tokens[i].content) ?? [];
    if (kind === undefined) return render(tokens, i, ...rest);
    return `<p class="caption">${md.utils.escapeHtml(CAPTIONS[kind](text))}</p>\n`;
  };
}

/** Shows indented blocks, such as the formulas in docstrings, as fenced ones: they scroll if they are too wide. */
export function fenceIndented(md) {
  md.renderer.rules.code_block = (tokens, i, options, env, self) => {
    const fence = Object.assign(tokens[i], { type: "fence", info: "" });
    return md.renderer.rules.fence([fence], 0, options, env, self);
  };
}

/** For Shiki: gives each line of a block ```… anchors the anchor L1, L2, …, as GitHub does. */
export const lineAnchors = {
  name: "line-anchors",
  line(node, line) {
    if (this.options.meta?.__raw?.includes("anchors")) node.properties.id = `L${line}`;
  },
};
