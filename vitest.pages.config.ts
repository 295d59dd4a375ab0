import { defineConfig } from "vitest/config";
import playground from "./playground/vitest.config.ts";

const TIMEOUTS = { testTimeout: 60_000, hookTimeout: 60_000 };

/** The tests of pages: their programs, and in browsers what `npm run docs:prepare` makes. */
export default defineConfig({
  test: {
    maxWorkers: "100%",
    projects: [
      { ...playground, test: { name: "playground", include: ["test/page/**/*.test.ts"], ...TIMEOUTS } },
      { test: { name: "programs", include: ["test/programs.test.ts"], ...TIMEOUTS } },
      "docs/vitest.config.ts",
    ],
  },
});
