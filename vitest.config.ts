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
        test: { name: "unit", include: ["src/**/*.test.ts", "scripts/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        ...fromSources,
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
