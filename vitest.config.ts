import { defineConfig } from "vitest/config";

// The sources are tested, not the build: the `source` condition of package.json "imports" points at them.
const fromSources = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};

export default defineConfig({
  ...fromSources,
  test: {
    projects: [
      {
        ...fromSources,
        // Beside the code: no build, no peers.
        test: { name: "unit", include: ["src/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000 },
      },
      {
        ...fromSources,
        // Rules of the house and the test kit itself.
        test: {
          name: "house",
          include: ["test/house/**/*.test.ts", "test/kit/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...fromSources,
        // Whole programs, one file at a time and after the rest: they share the machine's processes and its two cores.
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: ["test/house/**", "test/kit/**"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
