import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { startProcess } from "../../../test/kit/processes.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { Identity } from "../agent/identity.ts";
import type { ModePlaces } from "./places.ts";
import { reset } from "./reset.ts";
import { type ResetStep, resetStepNames } from "./reset-steps.ts";
import { openSetup } from "./setup.ts";

function placesIn(folder: TempFolder): ModePlaces {
  return {
    ...{ configFile: folder.file("worker.yaml"), configMode: 0o600, group: undefined, control: folder.file("c.sock") },
    ...{ state: folder.file("state"), units: folder.file("state/units"), socket: folder.file("worker.sock") },
  };
}

const setupIn = (places: ModePlaces) =>
  openSetup({ mode: "session", env: {}, apply: async () => {}, log: silentLog, places });

/** A worker nobody gets into any more: unknown password, roles for nobody, a server that is gone, and a broken file. */
async function lockedOut(places: ModePlaces): Promise<void> {
  const setup = await setupIn(places);
  const document = {
    server: { urls: ["https://gone.invalid"] },
    legacyPassword: { hash: { $secret: { value: "$argon2id$unknown" } }, acceptHashLocally: true },
    remoteAccess: { roles: {} },
    workTypes: [{ worktype: "echo", command: "cat" }],
  };
  await setup.configuration.put({ document, ifMatch: 0 }, { name: "me", connection: "1", isRemote: false });
  setup.identity.key();
  await setup.close();
  writeFileSync(join(places.state, "password"), "$argon2id$unknown\n");
  writeFileSync(join(places.state, "membership.json"), "{}");
  mkdirSync(places.units, { recursive: true });
  writeFileSync(join(places.units, "a-unit"), "its output");
  writeFileSync(places.configFile ?? "", "broken: [");
}

const take = (places: ModePlaces, ...steps: ResetStep[]) =>
  reset({ mode: "session", places, steps: new Set(steps), log: silentLog });

describe("a reset (CAT-115)", () => {
  test("of everything brings a worker back that nobody gets into, and deletes no unit and no history", async () => {
    await using folder = await tempFolder();
    const places = placesIn(folder);
    await lockedOut(places);
    const done = await take(places, ...resetStepNames);
    expect(done.map(({ step }) => step).sort()).toEqual([...resetStepNames].sort());
    const setup = await setupIn(places);
    expect(setup.configuration.written).toMatchObject({ state: "good" });
    expect(setup.configuration.running?.values).toMatchObject({
      socket: { enabled: true },
      legacyPassword: { hash: null },
      api: { enabled: true, listen: "127.0.0.1", port: 8889 },
      workTypes: [{ worktype: "echo" }],
    });
    expect(setup.configuration.history().map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    expect(setup.identity.membership()).toBeUndefined();
    expect(existsSync(join(places.state, "password"))).toBe(false);
    expect(readFileSync(join(places.units, "a-unit"), "utf8")).toBe("its output");
    await setup.close();
  });

  test("each step by itself leaves the rest as it is", async () => {
    await using folder = await tempFolder();
    const places = placesIn(folder);
    await lockedOut(places);
    await take(places, "last-good");
    const setup = await setupIn(places);
    expect(setup.configuration.running?.values.legacyPassword.hash?.reveal()).toBe("$argon2id$unknown");
    await setup.close();
    const { key } = new Identity(places.state).files;
    const before = readFileSync(key, "utf8");
    expect(await take(places, "password")).toEqual([{ step: "password", says: "there is no service password" }]);
    expect(existsSync(join(places.state, "password"))).toBe(false);
    expect(readFileSync(key, "utf8")).toBe(before);
    writeFileSync(places.socket, "");
    await take(places, "socket");
    expect(existsSync(places.socket)).toBe(false);
    expect(existsSync(join(places.state, "membership.json"))).toBe(true);
    await take(places, "registration");
    expect([existsSync(key), existsSync(join(places.state, "membership.json"))]).toEqual([false, false]);
    expect(readFileSync(places.configFile ?? "", "utf8")).not.toContain("argon2id");
    await take(places, "api");
    expect(readFileSync(places.configFile ?? "", "utf8")).toContain("api:\n  enabled: true\n");
  });

  test("stops a service that runs, which its supervisor brings back", async () => {
    await using folder = await tempFolder();
    const places = placesIn(folder);
    mkdirSync(places.state, { mode: 0o700 });
    const lock = join(places.state, "service.lock");
    const hold = "import fcntl,json,os,sys,time\nf=open(sys.argv[1],'w'); fcntl.flock(f,fcntl.LOCK_EX)\n";
    const say =
      "json.dump({'pid':os.getpid(),'user':'me','mode':'session','since':1},f); f.flush(); print('held',flush=True); time.sleep(600)";
    await using service = await startProcess("python3", ["-c", hold + say, lock]);
    await service.line(/^held$/, AbortSignal.timeout(60_000));
    const done = await take(places, "restart");
    expect(done).toMatchObject([{ step: "restart", says: /it was stopped; its supervisor brings it back/ }]);
    expect(await service.ended).toMatchObject({ signal: "SIGTERM" });
  });

  test("is for whoever the machine belongs to, and nobody from afar", async () => {
    await using folder = await tempFolder();
    const places = { ...placesIn(folder), group: "workeradmin" };
    const steps = new Set<ResetStep>(["password"]);
    const account = { uid: 1000, home: dirname(folder.path) };
    const refused = reset({ mode: "system", places, steps, log: silentLog, account });
    await expect(refused).rejects.toMatchObject({ code: "RESET_REFUSED", message: /by root/ });
    const cloud = reset({ mode: "cloud", places: { ...places, configFile: undefined }, steps, log: silentLog });
    await expect(cloud).rejects.toMatchObject({ code: "RESET_REFUSED" });
  });
});
