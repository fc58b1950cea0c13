/**
 * `npm test`: build, prepare the peers, run every test once, and end with `N passed, N failed`.
 *
 * Usage: node scripts/test.mjs [--checks] [vitest arguments]
 *
 * With --checks, or when CI=true, types, lint, format and unused code are checked first and count like tests.
 * When CI=true a skipped test is a failure: every peer can be installed there. And each decoder gets hostile bytes for a
 * minute (test/kit/fuzz.ts) unless FUZZ_SECONDS says otherwise.
 */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endLeftovers } from "./leftovers.mjs";
import { preparePeers } from "./peers.mjs";
import { readReport } from "./test-report.mjs";

const root = join(import.meta.dirname, "..");
const reportFile = join(root, ".cache", "test-report.json");
const isCi = process.env.CI === "true";
const args = process.argv.slice(2);
const withChecks = isCi || args.includes("--checks");
const vitestArgs = args.filter((arg) => arg !== "--checks");
// The rooms are checked by a test, test/house/rooms.test.ts.
const checks = ["typecheck:programs", "typecheck:pages", "lint", "format:check", "knip"];

// Unix socket paths end at 107 bytes, so the folder of this run is as short as it can be.
const temp = mkdtempSync(join(tmpdir().length <= 20 ? tmpdir() : "/tmp", "fh-"));
// Some programs refuse to run as root, so other users must get through to what is theirs; they see no names in it.
chmodSync(temp, 0o711);
const marker = `FARHAND_TEST_RUN=${randomBytes(12).toString("hex")}`;
/** Longer than a helper waits for another daemon. */
const helpersLeaveMs = 15_000;
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => interruption.abort(signal));

try {
  process.exitCode = await testRun();
} finally {
  await cleanUp();
}

async function cleanUp() {
  const graceMs = interruption.signal.aborted ? 0 : helpersLeaveMs;
  for (const left of await endLeftovers(marker, temp, graceMs)) console.log(`left over and ended: ${left}`);
  rmSync(temp, { recursive: true, force: true, maxRetries: 3 });
}

async function testRun() {
  mkdirSync(join(root, ".cache"), { recursive: true });
  rmSync(reportFile, { force: true });
  if (spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" }).status !== 0)
    return close({ passed: 0, failed: ["the build"], skipped: [] }, []);
  const checking = withChecks ? runChecks() : { passed: 0, failed: [] };
  // Packages come over the network, and the checks go on meanwhile: they are processes of their own.
  const peers = preparePeers();
  const checked = await checking;
  for (const problem of peers.missing) console.log(problem);
  const code = await runVitest(peers.env);
  await cleanUp();
  if (interruption.signal.aborted) {
    console.log(`stopped by ${interruption.signal.reason}`);
    return 130;
  }
  const report = existsSync(reportFile) ? readReport(JSON.parse(readFileSync(reportFile, "utf8")), root) : undefined;
  const tests = report ?? { passed: 0, failed: ["vitest ended without a report"], skipped: [] };
  if (code !== 0 && tests.failed.length === 0) tests.failed.push("vitest found errors outside the tests, see above");
  return close(
    { passed: checked.passed + tests.passed, failed: [...checked.failed, ...tests.failed], skipped: tests.skipped },
    peers.missing,
  );
}

async function runChecks() {
  console.log(`checks: ${checks.join(", ")}`);
  // All at once: the longest of them uses one processor.
  const codes = await Promise.all(checks.map((name) => run("npm", ["run", "--silent", name], {})));
  const failed = checks.filter((_, n) => codes[n] !== 0).map((name) => `npm run ${name}`);
  return { passed: checks.length - failed.length, failed };
}

function runVitest(env) {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const [name, value] = marker.split("=");
  return run(process.execPath, [vitest, "run", ...reporters, ...vitestArgs], {
    ...env,
    [name]: value,
    FARHAND_TEST_TEMP: temp,
    // Hostile bytes for every decoder: a look at each change, and a minute each where nobody waits.
    FUZZ_SECONDS: process.env.FUZZ_SECONDS ?? (isCi ? "60" : "1"),
  });
}

/** The exit code of a program that shares our terminal. An interruption is passed on, and after a grace enforced. */
function run(program, programArgs, env) {
  if (interruption.signal.aborted) return Promise.resolve(1);
  return new Promise((resolve) => {
    const child = spawn(program, programArgs, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    const pass = () => {
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 10_000).unref();
    };
    interruption.signal.addEventListener("abort", pass, { once: true });
    child.once("error", (error) => {
      console.log(`${program}: ${error.message}`);
      resolve(1);
    });
    child.once("exit", (code) => {
      interruption.signal.removeEventListener("abort", pass);
      resolve(code ?? 1);
    });
  });
}

function close({ passed, failed, skipped }, missing) {
  for (const name of failed) console.log(`failed: ${name}`);
  for (const name of skipped) console.log(`${isCi ? "failed, because CI skips nothing" : "skipped"}: ${name}`);
  if (isCi) for (const problem of missing) console.log(`failed, because CI skips nothing: ${problem}`);
  const failures = failed.length + (isCi ? skipped.length : 0);
  const rest = !isCi && skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  // Nothing at all ran: a wrong filter, never a success.
  if (passed + failures + skipped.length === 0) console.log("no test matched");
  console.log(`${passed} passed, ${failures} failed${rest}`);
  return failures > 0 || passed + skipped.length === 0 ? 1 : 0;
}
