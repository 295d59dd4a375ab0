import { defineConfig } from "vitest/config";
import playground from "./playground/vitest.config.ts";

const TIMEOUTS = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // By default, Vitest leaves one processor free: on two, the tests would take 1.5 times as long.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "library",
          include: ["test/**/*.test.ts"],
          // Takes a minute: part of test:pages and, with Python's packages, of test:tools.
          exclude: ["test/programs.test.ts"],
          ...TIMEOUTS,
        },
      },
      // What the playground trains. The tests of its page need its build and its own packages.
      { ...playground, test: { name: "playground", include: ["test/model/**/*.test.ts"], ...TIMEOUTS } },
    ],
  },
});
