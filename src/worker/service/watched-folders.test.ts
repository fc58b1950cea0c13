import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { silentLog } from "#core";
import type { SwitchesWanted, UnitSummary, WorkerStatus } from "#fleet";
import { socketClient } from "../../../test/kit/managed-worker.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { builtHelpers, patience } from "../../../test/kit/units.ts";
import { startService, type WorkerService } from "./service.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

/** A worker by itself with one watched folder, started again as often as the test wants. */
class WatchingWorker implements AsyncDisposable {
  readonly #folder: TempFolder;
  #service: WorkerService | undefined;

  constructor(folder: TempFolder) {
    this.#folder = folder;
    for (const name of ["in", "in2", "c/farhand"]) mkdirSync(folder.file(name), { recursive: true, mode: 0o700 });
  }

  configure(watchers: readonly object[], more: object = {}): void {
    const hold = { worktype: "hold", command: "sh", params: this.#script, allowruntimeparams: true };
    const document = { identity: { name: "w1" }, workTypes: [hold], watchers, ...more };
    writeFileSync(this.file("c/farhand/worker.yaml"), JSON.stringify(document), { mode: 0o600 });
  }

  /** Each unit notes that it began, and ends when it may. */
  get #script(): string {
    return `-c 'echo "$1" >> ${this.file("begun")}; until [ -e ${this.file("go")} ]; do sleep 0.05; done' hold`;
  }

  async start(): Promise<void> {
    const env = { XDG_CONFIG_HOME: this.file("c"), XDG_STATE_HOME: this.file("s"), XDG_RUNTIME_DIR: this.file("r") };
    this.#service = await startService({ mode: "session", env, log: silentLog });
  }

  async restart(): Promise<void> {
    await this.#service?.close("restarting");
    await this.start();
  }

  async ask<Result>(method: string, params: object = {}): Promise<Result> {
    using client = await socketClient(this.file("r/farhand/worker.sock"));
    const { result, error } = await client.call(method, params);
    if (error) throw new Error(error.message);
    return result as Result;
  }

  file(name: string): string {
    return this.#folder.file(name);
  }

  drop(...names: readonly string[]): void {
    for (const name of names) writeFileSync(this.file(`in/${name}`), name);
  }

  begun(): number {
    return existsSync(this.file("begun")) ? readFileSync(this.file("begun"), "utf8").split("\n").length - 1 : 0;
  }

  async units(): Promise<readonly UnitSummary[]> {
    return (await this.ask<{ units: UnitSummary[] }>("units.list")).units;
  }

  /** Ask for the status until it is as wanted. */
  async until(what: string, isSo: (status: WorkerStatus) => boolean): Promise<WorkerStatus> {
    const signal = patience();
    for (;;) {
      const status = await this.ask<WorkerStatus>("worker.status");
      if (isSo(status)) return status;
      if (signal.aborted) throw new Error(`waited in vain: ${what}: ${JSON.stringify(status)}`);
      await sleep(30);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    writeFileSync(this.file("go"), "");
    await this.until("nothing runs", ({ units }) => (units["Running"] ?? 0) === 0).catch(() => undefined);
    await this.#service?.close("stopped");
    await this.#folder[Symbol.asyncDispose]();
  }
}

async function watchingWorker(): Promise<WatchingWorker> {
  const worker = new WatchingWorker(await tempFolder());
  worker.configure([
    { name: "inbox", folder: worker.file("in"), workType: "hold", settle: "0s", every: "100ms", maxUnits: 9 },
  ]);
  await worker.start();
  return worker;
}

const inbox = ({ watchers }: WorkerStatus) => watchers?.find(({ name }) => name === "inbox");
const bools = [true, false];
const combinations = bools.flatMap((watchers) =>
  bools.flatMap((monitors) => bools.map((workers) => ({ watchers, monitors, workers }))),
);

describe("CAT-17: tasks added and started, by what is switched on", () => {
  test.each(combinations)("%j, over a restart too", async (wanted) => {
    await using worker = await watchingWorker();
    await worker.ask("worker.switches.set", wanted satisfies SwitchesWanted);
    await worker.restart();
    worker.drop("a", "b", "c");
    const added = wanted.watchers ? 3 : 0;
    const started = wanted.watchers && wanted.workers ? 3 : 0;
    const status = await worker.until("as switched", (now) => {
      const { added: made, state } = inbox(now) ?? {};
      // A command may have begun before that is written down.
      const isStarted = worker.begun() === started && (now.units["Running"] ?? 0) === started;
      return made === added && state === (wanted.watchers ? "watching" : "off") && isStarted;
    });
    expect(status.switches).toEqual(wanted);
    // The switch `monitors` adds nothing: there is nothing yet that it could be asked for.
    const states = (await worker.units()).map(({ stateName }) => stateName);
    expect(states).toEqual(Array.from({ length: added }, () => (wanted.workers ? "Running" : "Pending")));

    await worker.ask("worker.switches.set", { watchers: true, workers: true });
    await worker.until("the rest of it", () => worker.begun() === 3);
    expect(await worker.units()).toHaveLength(3);
  });

  test("workers off lets what runs end, and what watchers add meanwhile waits", async () => {
    await using worker = await watchingWorker();
    worker.drop("first");
    await worker.until("it runs", () => worker.begun() === 1);
    await worker.ask("worker.switches.set", { workers: false });
    worker.drop("second");
    await worker.until("it was added", (status) => inbox(status)?.added === 2);
    writeFileSync(worker.file("go"), "");
    await worker.until("the first has ended", (status) => inbox(status)?.succeeded === 1);
    expect(worker.begun()).toBe(1);
    await worker.ask("worker.switches.set", { workers: true });
    await worker.until("the second too", (status) => inbox(status)?.succeeded === 2);
  });

  test("a worker that does not remember its switches comes back with all of them on", async () => {
    await using worker = await watchingWorker();
    worker.configure([], { switches: { remember: false } });
    await worker.restart();
    await worker.ask("worker.switches.set", { watchers: false, workers: false });
    await worker.restart();
    expect((await worker.until("it is up", () => true)).switches).toEqual({
      watchers: true,
      monitors: true,
      workers: true,
    });
  });
});

describe("a worker with watched folders", () => {
  test("tells of each unit which file it is for", async () => {
    await using worker = await watchingWorker();
    worker.drop("a b");
    await worker.until("it runs", () => worker.begun() === 1);
    expect(await worker.units()).toMatchObject([{ watcher: "inbox", file: "a b", workType: "hold" }]);
    expect(readdirSync(worker.file("s/farhand/watchers"))).toHaveLength(1);
  });

  test("goes by another list as soon as it is written, and refuses one that cannot work", async () => {
    await using worker = await watchingWorker();
    const { document, version } = await worker.ask<{ document: Record<string, unknown>; version: number }>(
      "config.get",
    );
    const other = { name: "other", folder: worker.file("in2"), workType: "hold", settle: "0s", every: "100ms" };
    const bad = { ...document, watchers: [{ ...other, workType: "none" }] };
    await expect(worker.ask("config.put", { document: bad, ifMatch: version })).rejects.toThrow(
      /\/watchers\/0\/workType/,
    );
    await worker.ask("config.put", { document: { ...document, watchers: [other] }, ifMatch: version });
    writeFileSync(worker.file("in2/x"), "");
    worker.drop("nobody watches");
    const { watchers, pending } = await worker.until("it was taken", () => worker.begun() === 1);
    expect([pending, watchers?.map(({ name, added }) => [name, added])]).toEqual([[], [["other", 1]]]);
  });
});
