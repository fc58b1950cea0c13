import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { postgresPrograms } from "../../kit/postgres.ts";
import { runProcess } from "../../kit/processes.ts";
import { processesOf } from "../faults/ledger.ts";
import { randomFrom } from "../faults/random.ts";
import { planFaults } from "./fault-plan.ts";
import { faultsOn } from "./faults.ts";
import { Orders } from "./orders.ts";
import type { DatabaseKind, RoadKind } from "./server-place.ts";
import { Recovery } from "./recovery.ts";
import { openSite, type Site } from "./site.ts";
import { victimsOf } from "./strikes.ts";
import { untilHealthy, untruths } from "./truth.ts";
import { User } from "./user.ts";

/** `FAULT_SEED=n` plans one run again; `FAULT_COUNT` makes it longer, for each of the two databases. */
const seed = Number(process.env["FAULT_SEED"] ?? Date.now() % 1_000_000);
const faultCount = Number(process.env["FAULT_COUNT"] ?? 102);
/** `FAULT_SAID=FOLDER`: where everything that the programs said is kept of a run that failed. */
const saidFolder = process.env["FAULT_SAID"];
/**
 * When all is well again, everything that was asked for has come to its end within this time. Not for want of haste: it is the
 * sum of the limits that may have to run out one after another (a dead link 26 s, a dial 35 s, a stream 20 s, its first words
 * 30 s, a registration 60 s, the pause before the next one 20 s), of the longest order, and of the same once more where a
 * machine has a tenth of its processors for this. How long it did take is printed.
 */
const afterwardsMs = 420_000;

const roadPairs: readonly (readonly RoadKind[])[] = [
  ["ws", "tcp"],
  ["tcp", "http"],
  ["http", "ws"],
];

beforeAll(async () => {
  // `npm test` has just made one.
  if (process.env["FARHAND_TEST_TEMP"] === undefined) await freshBuild();
});

/** What was found when all was well again; empty lists: everything was true all along. */
interface Findings {
  readonly lies: readonly string[];
  /** Answers that nobody foresaw. */
  readonly surprises: readonly string[];
  /** Programs that ended by themselves. */
  readonly falls: readonly string[];
  readonly audit: { readonly code: number | null; readonly stdout: string };
  /** Processes that outlived the release of their unit. */
  readonly orphans: readonly object[];
}

const nothing = { lies: [], surprises: [], falls: [], orphans: [], audit: { code: 0 } };

async function faultRun(database: DatabaseKind): Promise<Findings> {
  const random = randomFrom(seed + (database === "sqlite" ? 0 : 1));
  const roads = roadPairs[Math.floor(random() * roadPairs.length)] ?? [];
  await using site = await openSite({ database, roads });
  const plan = planFaults(faultCount, victimsOf(site), random);
  const faults = faultsOn(site);
  const orders = new Orders(site, random);
  let found: Findings | undefined;
  let recovery: Recovery | undefined;
  try {
    orders.begin();
    for (const fault of plan) await faults.strike(fault);
    const until = AbortSignal.timeout(afterwardsMs);
    await faults.healed(until);
    recovery = new Recovery();
    found = await findings(site, orders, recovery, until);
    return found;
  } finally {
    if (!found || JSON.stringify(found) !== JSON.stringify({ ...found, ...nothing, audit: found.audit }))
      tell(site, faults.log, orders);
    console.log(`server faults, ${database}, seed ${seed}: ${JSON.stringify(faults.counts)}; ${orders.summary()}`);
    if (recovery) console.log(`seconds after all was well again: ${recovery.summary(orders)}`);
  }
}

async function findings(site: Site, orders: Orders, recovery: Recovery, until: AbortSignal): Promise<Findings> {
  using user = new User(site.address, site.server.admin);
  const names = site.workers.map(({ name }) => name);
  const [carried] = await Promise.all([orders.end(until), recovery.watch(site, until)]);
  await untilHealthy(user, names, until);
  const lies = await untruths(site, user, carried, until);
  const audit = await auditVerdict(site);
  await orders.releaseAll(carried, until);
  const orphans = processesOf(new Set(carried.flatMap(({ units }) => units)));
  return { lies, surprises: orders.surprises(), falls: falls(site), audit, orphans };
}

function falls({ server, workers }: Site): string[] {
  const programsThere = [server.program, ...workers.map(({ program }) => program)];
  return programsThere.flatMap(({ name, falls: all }) => all.map((fall) => `${name}: ${fall}`));
}

/** As a person asks for it. */
async function auditVerdict({ address, server, root }: Site) {
  const env = { XDG_CONFIG_HOME: join(root, "person"), FARHAND_SERVER: undefined, FARHAND_TOKEN: undefined };
  mkdirSync(env.XDG_CONFIG_HOME);
  const farhand = (...words: string[]) => runProcess(process.execPath, [programs.farhand, ...words], { env });
  const { user, passwordFile } = server.admin;
  const ca = join(server.dataDir, "authority.crt");
  const login = await farhand(
    ...["login", address.url.href, "--user", user, "--ca", ca, "--password-file", passwordFile],
  );
  if (login.code !== 0) return login;
  return await farhand("audit", "verify");
}

/** For whoever has to find out. */
function tell({ server, workers }: Site, log: readonly string[], orders: Orders): void {
  console.log(`seed ${seed}; what was done:\n${log.join("\n")}`);
  console.log(`orders on their way:\n${orders.stages().join("\n")}`);
  for (const program of [server.program, ...workers.map((worker) => worker.program)]) {
    if (saidFolder !== undefined) writeFileSync(join(saidFolder, `${seed}.${program.name}.log`), program.said);
    console.log(`${program.name} did not start ${program.failedStarts.length} times; the end of what it said:`);
    console.log(program.said.slice(-6_000));
  }
}

describe("through the server, under faults", { timeout: 900_000 + faultCount * 6_000 }, () => {
  test(`every order has one effect, its bytes and its true ending, on the embedded database (seed ${seed})`, async () => {
    expect(await faultRun("sqlite")).toMatchObject(nothing);
  });

  test.skipIf(postgresPrograms === undefined)(
    `every order has one effect, its bytes and its true ending, on PostgreSQL (seed ${seed})`,
    async () => {
      expect(await faultRun("postgres")).toMatchObject(nothing);
    },
  );
});
