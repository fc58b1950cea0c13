import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isFinal } from "#work/wire";
import { apiPath } from "../../../src/cli/server/api-path.ts";
import { allOf } from "../../../src/cli/server/pages.ts";
import { textIn } from "../../../src/cli/server/shapes.ts";
import { unitReport } from "../../../src/cli/server/unit-report.ts";
import { markedProcesses } from "../../kit/marked-processes.ts";
import { lies, neverBegun, processesOf, readLedger } from "../faults/ledger.ts";
import { digestOf, expectedOutput } from "../faults/output.ts";
import type { Carried } from "./order.ts";
import type { Site } from "./site.ts";
import type { User } from "./user.ts";

/** Everything that the ledger, the files and the process table contradict of what the API tells. Empty: it told the truth. */
export async function untruths(site: Site, user: User, orders: readonly Carried[], until: AbortSignal) {
  const found: string[] = [];
  for (const order of orders) found.push(...(await aboutOrder(site, user, order, until)));
  for (const { name } of site.workers) found.push(...(await aboutWorker(user, name, orders, until)));
  found.push(...aboutProcesses(site, orders), ...strangers(site, orders));
  return found;
}

async function aboutOrder(site: Site, user: User, order: Carried, until: AbortSignal): Promise<string[]> {
  const { plan, units, report, followed } = order;
  const last = units.at(-1) ?? "";
  const entries = units.map((unit) => readLedger(site.ledger, unit));
  const starts = entries.reduce((sum, entry) => sum + entry.starts, 0);
  const found: string[] = [];
  const claim = (truth: boolean, text: string): void => {
    if (!truth) found.push(`${last} (${plan.kind} ${plan.seed} ${plan.treatment} on ${plan.worker}): ${text}`);
  };
  claim(starts <= 1, `${starts} effects; ${JSON.stringify(entries)}`);
  claim(
    entries.slice(0, -1).every((entry) => entry.starts === 0),
    "a unit that never began had begun",
  );
  const input = entries.at(-1)?.input;
  claim(input === undefined || input === sha256(plan.payload), `its command got another payload: ${input}`);
  if (!report) {
    // Released: not even its folder is there, and nothing of it runs.
    claim(!existsSync(join(unitsOf(site, plan.worker), last)), "released, and still there");
    return found;
  }
  if (plan.treatment !== "cancel") claim(starts === 1, `no effect, and the cause ${report.Cause}`);
  const { output, told } = await asTold(user, plan.worker, last, until);
  found.push(...lies(site.ledger, last, plan, told, output));
  claim(JSON.stringify(told) === JSON.stringify(report), `its ending was told as ${JSON.stringify(report)} before`);
  const file = join(unitsOf(site, plan.worker), last, "stdout");
  const kept = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  claim(kept.equals(output), `${output.length} bytes came of ${kept.length}`);
  if (followed && report.Cause === "EXITED") {
    const whole = digestOf(expectedOutput(plan.kind, plan.seed));
    claim(followed.sha256 === whole.sha256, `followed ${followed.bytes} bytes of ${whole.bytes}`);
  }
  return found;
}

/** The unit as the API tells of it now. */
async function asTold(user: User, worker: string, unit: string, until: AbortSignal) {
  const path = apiPath`/workers/${worker}/units/${unit}`;
  const told = unitReport(await user.ask((api, signal) => api.ask("GET", path, { signal }), until)).report;
  const output = await user.ask(
    async (api, signal) => await buffer(Readable.from(api.download(`${path}/output`, signal))),
    until,
  );
  return { told, output };
}

/** Every unit that was confirmed is known, unless it was released; each one has ended; and there are no others. */
async function aboutWorker(user: User, worker: string, orders: readonly Carried[], until: AbortSignal) {
  const listed = await user.ask((api) => allOf(api, apiPath`/workers/${worker}/units`), until);
  const units = new Map(listed.map((unit) => [textIn(unit, "id"), unitReport(unit).report]));
  const own = orders.filter(({ plan }) => plan.worker === worker);
  const asked = new Set(own.flatMap((order) => order.units));
  const kept = own.flatMap(({ confirmed, report }) => (report ? confirmed : confirmed.slice(0, -1)));
  const released = own.flatMap((order) => (order.report ? [] : order.units.slice(-1)));
  return [
    ...released.filter((unit) => units.has(unit)).map((unit) => `${unit} was released, and ${worker} still has it`),
    ...kept.filter((unit) => !units.has(unit)).map((unit) => `${unit} was confirmed, and ${worker} does not know it`),
    ...[...units.keys()].filter((unit) => !asked.has(unit)).map((unit) => `nobody asked ${worker} for ${unit}`),
    ...[...units].filter(([, { State }]) => !isFinal(State)).map(([unit, told]) => `${unit} is ${told.StateName}`),
  ];
}

/** What was cancelled or released left nothing running; nor did anything but what its own command left behind. */
function aboutProcesses(site: Site, orders: readonly Carried[]): string[] {
  const ended = orders.filter(({ plan, report }) => plan.treatment === "cancel" || !report || neverBegun(report));
  const mayRun = new Set(orders.filter(({ plan }) => plan.kind === "forking").flatMap(({ units }) => units));
  const left = processesOf(new Set(orders.flatMap(({ units }) => units)));
  const over = new Set(ended.flatMap(({ units }) => units));
  return left
    .filter(({ unit }) => over.has(unit) || !mayRun.has(unit))
    .map(({ pid, unit }) => `process ${pid} of ${unit} lives, on ${site.workers.length} workers`);
}

/** Processes of the run that belong to no unit and are none of the programs. */
function strangers({ root, ledger }: Site, orders: readonly Carried[]): string[] {
  const asked = new Set(orders.flatMap(({ units }) => units));
  const begun = readdirSync(ledger).filter((unit) => !asked.has(unit));
  const unasked = markedProcesses(root).flatMap((pid) => {
    const unit = unitOf(pid);
    return unit !== undefined && !asked.has(unit) ? [`process ${pid} of ${unit}`] : [];
  });
  return [...begun, ...unasked].map((what) => `nobody asked for ${what}`);
}

function unitOf(pid: number): string | undefined {
  try {
    return /FARHAND_UNIT_ID=(\w+)/.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1];
  } catch {
    return undefined;
  }
}

function unitsOf({ workers }: Site, wanted: string): string {
  return workers.find(({ name }) => name === wanted)?.units ?? "";
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The workers, until all of them are as they should be. @throws the reason of `until`. */
export async function untilHealthy(user: User, names: readonly string[], until: AbortSignal): Promise<void> {
  for (;;) {
    const listed = await user.ask((api) => allOf(api, "/workers"), until);
    const states = listed.map((worker) => [worker["name"], worker["state"]]);
    if (names.every((name) => states.some(([known, state]) => known === name && state === "online"))) return;
    await sleep(200, undefined, { signal: until });
  }
}
