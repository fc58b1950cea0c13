import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { isFinal, type UnitReport } from "#work/wire";
import { freshBuild } from "../../kit/daemon.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { Killer } from "./killer.ts";
import { lies, processesOf } from "./ledger.ts";
import { digestOf, expectedOutput } from "./output.ts";
import { planUnits } from "./plan.ts";
import { randomFrom } from "./random.ts";
import { StubbornClient, type SubmittedUnit } from "./submitter.ts";

/** `FARHAND_FAULT_SEED=n` runs one run again; `FARHAND_FAULT_UNITS` and `FARHAND_FAULT_KILLS` make it longer. */
const seed = Number(process.env["FARHAND_FAULT_SEED"] ?? Date.now() % 1_000_000);
const unitCount = Number(process.env["FARHAND_FAULT_UNITS"] ?? 200);
const killCount = Number(process.env["FARHAND_FAULT_KILLS"] ?? 50);

beforeAll(freshBuild);

test(`kills of daemon, helpers and launchers leave every unit with its true ending (seed ${seed})`, async () => {
  console.log(`fault test: seed ${seed}, ${unitCount} units, at least ${killCount} kills`);
  await using folder = await tempFolder();
  const place = layOut(folder.path);
  const random = randomFrom(seed);
  const plans = planUnits(unitCount, random);
  await using killer = new Killer(place.config, place.socket, place.helpers, random);
  const client = new StubbornClient(place.socket);
  await killer.start();

  const units: SubmittedUnit[] = [];
  const followed = new Map<string, Promise<{ sha256: string; bytes: number }>>();
  const ended: Promise<unknown>[] = [];
  const released = new Set<string>();
  const treat = (unit: SubmittedUnit) => {
    units.push(unit);
    const { treatment } = unit.plan;
    if (treatment === "follow") followed.set(unit.id, digestOfAll(client.follow(unit.id)));
    if (treatment === "release") released.add(unit.id);
    if (treatment === "cancel" || treatment === "release") {
      ended.push(sleep(unit.plan.seed % 700).then(() => client.end(treatment, unit.id)));
    }
  };
  const submitting = Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (const plan of plans.filter((_, n) => n % 4 === lane)) treat(await client.submit(plan));
    }),
  );
  const submitted = new AbortController();
  void submitting.then(() => submitted.abort());
  while (killer.count < killCount || !submitted.signal.aborted) await killer.strike();
  await submitting;
  await Promise.all(ended);
  const reports = await untilFinal(client);
  console.log(`fault test: killed ${JSON.stringify(killer.kills)}; causes ${JSON.stringify(countCauses(reports))}`);

  const kept = units.filter(({ id }) => !released.has(id));
  expect(
    kept.filter(({ id }) => !reports[id]).map(({ id }) => id),
    "units that were lost",
  ).toEqual([]);
  const found = kept.flatMap(({ id, plan }) => {
    const report = reports[id];
    return report ? lies(place.ledger, id, plan, report, stdoutOf(place.units, id)) : [];
  });
  expect(found, "endings and outputs that are not true").toEqual([]);
  for (const { id, plan } of kept) {
    const mirror = await followed.get(id);
    if (mirror && reports[id]?.Cause === "EXITED") {
      expect(mirror, `output as followed of ${id}`).toEqual(digestOf(expectedOutput(plan.kind, plan.seed)));
    }
  }
  const startedButLost = kept.filter(({ id, confirmed }) => confirmed && reports[id]?.Cause === "NOT_STARTED");
  expect(
    startedButLost.map(({ id }) => id),
    "confirmed, then said never to have started",
  ).toEqual([]);

  expect(
    [...released].filter((id) => reports[id] || existsSync(join(place.units, id))),
    "released, still there",
  ).toEqual([]);
  // A command that ended before it could be cancelled may have left something running, and says so.
  const isOver = ({ id, plan: { treatment } }: SubmittedUnit): boolean =>
    treatment === "release" || (treatment === "cancel" && !reports[id]?.LeftRunning);
  const over = new Set(units.filter(isOver).map(({ id }) => id));
  expect(processesOf(over), "orphans after cancel or release").toEqual([]);
  for (const { id } of kept) await client.end("release", id);
  expect(processesOf(new Set(units.map(({ id }) => id))), "orphans after releasing everything").toEqual([]);
}, 600_000);

function layOut(root: string) {
  const place = {
    config: join(root, "foo.yml"),
    socket: join(root, "foo.sock"),
    ledger: join(root, "ledger"),
    units: join(root, "data", "foo"),
    helpers: join(root, "data", ".farhand", "foo", "helpers"),
  };
  mkdirSync(place.ledger);
  const command = join(import.meta.dirname, "ledger-command.pl");
  writeFileSync(
    place.config,
    `- node: {id: foo, datadir: ${join(root, "data")}}
- log-level: {level: Info}
- control-service: {service: control, filename: ${place.socket}}
- work-command: {worktype: ledger, command: perl, params: "${command} ${place.ledger}", allowruntimeparams: true, cancelgrace: 500ms}
`,
  );
  return place;
}

async function untilFinal(client: StubbornClient): Promise<Record<string, UnitReport>> {
  for (;;) {
    const reports = await client.list();
    if (Object.values(reports).every(({ State }) => isFinal(State))) return reports;
    await sleep(200);
  }
}

function countCauses(reports: Record<string, UnitReport>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { Cause = "none" } of Object.values(reports)) counts[Cause] = (counts[Cause] ?? 0) + 1;
  return counts;
}

function stdoutOf(unitsDir: string, id: string): Buffer {
  const path = join(unitsDir, id, "stdout");
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

async function digestOfAll(chunks: AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return digestOf(all);
}
