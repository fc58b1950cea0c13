import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** These take minutes and wait for most of them: whatever goes on beside them costs nothing more. */
const longest = /\/(server-faults|e2e\/faults|e2e\/cli|hostile-worker|mesh\/(stubs|cells|cuts))(\/|\.)/;

/** The longest tests first: begun last, they would end alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// The sources are tested, not the build: the `source` condition of package.json "imports" points at them.
const fromSources = {
  resolve: {
    conditions: ["source"],
    // For the pages, which are a package of their own: as their build has it.
    alias: [{ find: /^#(\w+)\/wire$/, replacement: join(import.meta.dirname, "src", "$1", "wire.ts") }],
  },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};

export default defineConfig({
  ...fromSources,
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...fromSources,
        // Beside the code: no build, no peers.
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "web/src/**/*.test.ts"],
          exclude: ["src/**/fuzz.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 4,
          // A file after the other in the same process: to load the same modules anew for each takes longer than most tests.
          isolate: false,
        },
      },
      {
        ...fromSources,
        // Hostile bytes for as long as FUZZ_SECONDS says: more files at once than there are processors, for
        // it is their time that counts. Between the rest, which want the processors for themselves.
        test: {
          name: "fuzz",
          include: ["src/**/fuzz.test.ts"],
          hookTimeout: 120_000,
          maxWorkers: 20,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...fromSources,
        // Rules of the house and the test kit itself.
        test: {
          name: "house",
          include: ["test/house/**/*.test.ts", "test/kit/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 4,
        },
      },
      {
        ...fromSources,
        // Whole programs, after the rest. Most of their time they wait for something to happen, so more files go on at once
        // than there are processors. As with the units, a process takes a file after the other.
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: ["test/house/**", "test/kit/**"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 5,
          isolate: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
