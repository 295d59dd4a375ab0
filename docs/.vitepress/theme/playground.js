// <Playground experiment="…"/>: the playground in a page, with the experiment of an address: what follows its `#`.

import { withBase } from "vitepress";
import { h } from "vue";

export const Playground = {
  props: { experiment: { type: String, default: "" }, title: { type: String, default: "Playground" } },
  setup: (props) => () =>
    __HAS_PLAYGROUND__
      ? h("iframe", {
          class: "playground",
          src: withBase(`/playground/index.html#${props.experiment}`),
          title: props.title,
          loading: "lazy",
        })
      : h("p", { class: "caption" }, "The playground is shown here if it was built before the site."),
};
