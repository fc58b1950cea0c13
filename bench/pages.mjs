/**
 * The pages in Chromium: the first load, and the list of workers with 10,000 of them, of which 667 a second send a heartbeat.
 *
 * An interaction is what the browser itself measures: from a key or a click until the page is painted (Event Timing).
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { freePorts } from "./kit/line.mjs";
import { printReport } from "./kit/report.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";

const dist = join(import.meta.dirname, "..", "dist");
const { startServer } = await import(join(dist, "server", "server.js"));
const { insertWorker } = await import(join(dist, "server", "store", "workers.js"));
const workers = scaled(10_000, 500);
const beatEveryMs = 15_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

await onStage(async (folder) => {
  const dataDir = join(folder, "server");
  mkdirSync(dataDir, { recursive: true });
  const [port] = await freePorts(1);
  const store = { kind: "sqlite", path: join(dataDir, "farhand.db") };
  const server = await startServer({ dataDir, store, listen: { host: "127.0.0.1", port }, version: "0", log: silent });
  const ids = await plant(server);
  const stopBeating = beat(server, ids);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-quic"],
  });
  try {
    const page = await loggedIn(browser, server);
    const begun = performance.now();
    await page.goto("/workers");
    await page.getByRole("link", { name: "sim-", exact: false }).first().waitFor();
    const shownMs = performance.now() - begun;
    const slowest = await interactions(page);
    const names = [...readFileSync(join(dist, "web", "index.html"), "utf8").matchAll(/assets\/[^"]+/g)].map(([n]) => n);
    const kilobytes = names.reduce((sum, name) => sum + sentBytes(join(dist, "web", name)), 0) / 1_000;
    const all = readdirSync(join(dist, "web", "assets")).length;
    const atMost = (text, most) => (figure) => ({ text, met: figure <= most });
    printReport(`the pages, with ${workers} workers; ${all} files in all`, [
      { name: "first page, gzip", unit: "kB", farhand: kilobytes, goal: atMost("≤ 250", 250)(kilobytes) },
      { name: "until workers are shown", unit: "ms", farhand: shownMs },
      ...slowest.map(({ name, ms }) => ({ name, unit: "ms", farhand: ms, goal: atMost("≤ 100", 100)(ms) })),
    ]);
  } finally {
    stopBeating();
    await browser.close();
    await server.close();
  }
});

/** What is sent of a file: a small one is not packed. */
function sentBytes(path) {
  return readFileSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).length;
}

/** Workers as if they had enrolled. @returns their ids. */
async function plant({ core }) {
  const ids = Array.from({ length: workers }, (_, n) => `w-${String(n).padStart(12, "0")}`);
  const now = Date.now();
  await core.store.db.transaction().execute(async (db) => {
    for (const [n, id] of ids.entries()) {
      const name = `sim-${String(n).padStart(5, "0")}`;
      await insertWorker(db, {
        ...{ id, name, node: name, public_key: randomUUID(), machine_id: name, instance: null, mode: "system" },
        ...{ version: "0.1.0", labels: JSON.stringify({ region: n % 2 === 0 ? "eu" : "us" }), state: "online" },
        ...{ cause: "registered", state_since: now, epoch: 1, created_at: now, seen_at: now, cloneable: 0 },
        ...{
          reported_address: null,
          observed_address: `ws 10.0.0.1:${n}`,
          configured_address: null,
          enrolment_id: "e",
        },
      });
    }
  });
  return ids;
}

/** Each worker's heartbeat in its turn, as the health of the server takes it. */
function beat({ core }, ids) {
  let at = 0;
  const timer = setInterval(() => {
    const due = Math.ceil(ids.length / (beatEveryMs / 100));
    for (let n = 0; n < due; n++, at++)
      core.health.add(ids[at % ids.length], {
        ...{ cpuPercent: Math.random() * 100, memoryUsedBytes: Math.random() * 8e9, memoryTotalBytes: 8e9 },
        ...{ responseTimeMs: Math.random() * 50, unitsRunning: 0, unitsPending: 0 },
      });
  }, 100);
  return () => clearInterval(timer);
}

async function loggedIn(browser, { core, url }) {
  const { access } = core;
  const { id } = await access.accounts.create({ name: "ada", password: randomUUID(), role: "admin", labels: null });
  const { token } = await access.sessions.open(id, { source: "127.0.0.1", client: "bench" }, false);
  const viewport = { width: 1440, height: 900 };
  const context = await browser.newContext({ baseURL: url, ignoreHTTPSErrors: true, viewport });
  await context.addCookies([
    { name: "farhand_session", value: token, url, httpOnly: true, secure: true, sameSite: "Strict" },
  ]);
  await context.addInitScript(() => {
    globalThis.slowest = 0;
    const keep = (list) => {
      for (const { duration } of list.getEntries()) globalThis.slowest = Math.max(globalThis.slowest, duration);
    };
    new PerformanceObserver(keep).observe({ type: "event", durationThreshold: 16, buffered: true });
  });
  return await context.newPage();
}

/** What people do with a long list, and the slowest of each. */
async function interactions(page) {
  const search = page.getByLabel("Search by name, host or label");
  const acts = {
    "slowest key while searching": async () => {
      for (const text of ["sim-04", "region=eu 77"]) {
        await search.pressSequentially(text, { delay: 60 });
        await search.fill("");
      }
    },
    "slowest click while sorting": async () => {
      for (const name of ["Name", "CPU", "Memory", "Last heard", "CPU"]) {
        await page.getByRole("columnheader", { name }).getByRole("button").click();
        await page.waitForTimeout(300);
      }
    },
    "slowest key while going through rows": async () => {
      await page.getByRole("link", { name: "sim-" }).first().focus();
      for (const key of ["ArrowDown", "ArrowDown", "End", "ArrowUp", "Home"]) {
        await page.keyboard.press(key);
        await page.waitForTimeout(200);
      }
    },
  };
  const found = [];
  for (const [name, act] of Object.entries(acts)) {
    await page.evaluate(() => (globalThis.slowest = 0));
    await act();
    await page.waitForTimeout(500);
    found.push({ name, ms: await page.evaluate(() => globalThis.slowest) });
  }
  return found;
}
