import { defineConfig } from "vitest/config";
import playground from "./playground/vitest.config.ts";

const TIMEOUTS = { testTimeout: 60_000, hookTimeout: 60_000 };

/** The tests of pages in browsers. They need what `npm run docs:prepare` makes. */
export default defineConfig({
  test: {
    maxWorkers: "100%",
    projects: [
      { ...playground, test: { name: "playground", include: ["test/page/**/*.test.ts"], ...TIMEOUTS } },
      "docs/vitest.config.ts",
    ],
  },
});
