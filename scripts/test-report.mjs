import { relative } from "node:path";

/** What vitest's JSON report says, in our words: how many passed, and who failed or was skipped, by name. */
export function readReport(report, root) {
  const result = { passed: 0, failed: [], skipped: [] };
  for (const file of report.testResults) {
    const path = relative(root, file.name);
    const failedBefore = result.failed.length;
    for (const test of file.assertionResults) {
      const name = `${path}: ${test.fullName.trim()}`;
      if (test.status === "passed") result.passed++;
      else if (test.status === "failed") result.failed.push(name);
      else result.skipped.push(name);
    }
    // A file that cannot be loaded, or whose hooks throw, fails without naming a test.
    if (file.status === "failed" && result.failed.length === failedBefore) result.failed.push(path);
  }
  return result;
}
