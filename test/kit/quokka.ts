import { join } from "node:path";
import { silentLog, systemClock } from "#core";
import { Audit } from "../../src/server/audit/audit.ts";
import type { Asker } from "../../src/server/line/worker-lines.ts";
import type { QuokkaType } from "../../src/server/quokka/command.ts";
import { Quokka, type QuokkaOptions } from "../../src/server/quokka/quokka.ts";
import type { QuokkaWorker } from "../../src/server/quokka/workers.ts";
import { Health } from "../../src/server/registry/health.ts";
import { Presence } from "../../src/server/registry/presence.ts";
import { openStore, type Store } from "../../src/server/store/store.ts";
import { UnitIndex } from "../../src/server/units/unit-index.ts";
import { tempFolder } from "./temp-folder.ts";

/** The server's part for workers of Quokka on an embedded database, without the rest of a server. */
export interface TestQuokka extends AsyncDisposable {
  readonly running: Quokka;
  readonly store: Store;
  /** Of what comes of their work. */
  readonly folder: string;
  enter(type: QuokkaType, serial?: string): Promise<QuokkaWorker>;
  /** Have the worker of a type do something. @returns its unit. */
  submit(type: QuokkaType, params: object): Promise<string>;
  /** The fields of the orders that go out with its next heartbeat. */
  orders(type: QuokkaType): Promise<Record<string, string | null>[]>;
  /** The same after a restart. */
  again(): Promise<Quokka>;
}

const asker: Asker = {
  ...{ name: "ada", userId: "u1", roles: ["operator"], level: "operate" },
  ...{ methods: ["pwd"], loggedInAt: 0, source: "127.0.0.1", session: "s1" },
};

export async function testQuokka(options: Partial<QuokkaOptions> = {}): Promise<TestQuokka> {
  const temp = await tempFolder();
  const store = await openStore({ kind: "sqlite", path: join(temp.path, "server.db") }, silentLog);
  const [clock, folder] = [options.clock ?? systemClock, join(temp.path, "quokka")];
  const index = new UnitIndex({ store, clock });
  const all = { audit: new Audit(store), presence: new Presence({ store }), health: new Health(store, clock), index };
  const whole: QuokkaOptions = { store, clock, log: silentLog, folder, settings: undefined, ...all, ...options };
  const running = await new Quokka(whole).open();
  const byType = new Map<QuokkaType, QuokkaWorker>();
  const workerOf = (type: QuokkaType): QuokkaWorker => {
    const worker = byType.get(type);
    if (worker) return worker;
    throw new Error(`no worker of type ${type} was entered`);
  };
  return {
    ...{ running, store, folder },
    enter: async (type, serial = "111-111-111") => {
      const worker = await running.workers.add({ serial, type, host: "127.0.0.1", connection: "http" }, "u1");
      byType.set(type, worker);
      return worker;
    },
    submit: async (type, params) => {
      const wanted = { workType: type, params: { params: JSON.stringify(params) } };
      return await running.units.submit(workerOf(type), wanted, asker);
    },
    orders: async (type) => {
      const orders = await running.units.orders(workerOf(type), "127.0.0.1");
      return orders.map(({ info }) => JSON.parse(info) as Record<string, string | null>);
    },
    again: async () => await new Quokka(whole).open(),
    [Symbol.asyncDispose]: async () => {
      await running.close();
      await store[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}
