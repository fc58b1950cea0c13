import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { silentLog } from "#core";
import { decodeEnrolmentToken, methodTable } from "#fleet";
import { openServerCore, type ServerCore } from "../../../src/server/core.ts";
import type { ServerRoad } from "../../../src/server/line/server-roads.ts";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { Identity } from "../../../src/worker/agent/identity.ts";
import { Instance } from "../../../src/worker/agent/instance.ts";
import { fleetProfile, type Section } from "../../../src/worker/agent/managed-settings.ts";
import { type ManagedWorker, startManagedWorker } from "../../../src/worker/agent/managed-worker.ts";
import { freePort } from "../../kit/free-port.ts";
import { startRabbitmq } from "../../kit/rabbitmq.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, patience } from "../../kit/units.ts";

const self = {
  ...{ name: "shed", labels: {}, mode: "session" as const, version: "0.1.0", capabilities: [], helperSlots: 4 },
};
const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};

/** A server with its own port, which can be stopped and started again on the same folder and port. */
interface Server extends AsyncDisposable {
  readonly core: ServerCore;
  readonly port: number;
  /** End its WebSockets, and take no more. */
  closePort(): void;
}

async function openServer(folder: string, port: number, roads: readonly ServerRoad[] = []): Promise<Server> {
  const core = await openServerCore({
    ...{
      dataDir: join(folder, "server"),
      nodeId: "server",
      hosts: ["127.0.0.1"],
      version: "0.1.0",
      log: silentLog,
      roads,
    },
    store: { kind: "sqlite", path: join(folder, "server.db") },
  });
  const https = createServer(core.tls.options());
  const sockets = new Set<{ destroy(): void }>();
  https.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  https.on("upgrade", (request, socket, head) => core.guest.handle(request, socket as never, head));
  await new Promise<void>((resolve) => https.listen(port, "127.0.0.1", resolve));
  const closePort = (): void => {
    https.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    core,
    port: (https.address() as AddressInfo).port,
    closePort,
    async [Symbol.asyncDispose]() {
      await core.close();
      closePort();
    },
  };
}

async function joinWorker(folder: string, { core, port }: Server, roads: readonly Section[] = []) {
  const identity = new Identity(join(folder, "worker"));
  const instance = new Instance(Date.now());
  const { token: text } = await core.enrolments.make({}, "u1");
  const { id, secret } = decodeEnrolmentToken(text);
  const said = instance.registration(identity.key(), core.entrance.challenge({ address: "127.0.0.1" }), self, {
    token: { id, secret },
  });
  const registered = await core.entrance.register(said, "127.0.0.1");
  const membership = identity.keep(registered, `https://127.0.0.1:${port}`);
  return await startManagedWorker({
    ...{ identity, membership, instance, self, roads, log: silentLog },
    dataDir: join(folder, "units"),
    sections: [{ "work-command": { worktype: "sh", command: "sh", params: "-s", allowruntimeparams: true } }],
    roles: () => ({ admin: "admin" }),
    methods: async () => ({ table: methodTable([]), mayTake: () => true, close: () => {} }),
  });
}

async function until(isSo: () => boolean): Promise<void> {
  const limit = patience();
  while (!isSo()) {
    limit.throwIfAborted();
    await sleep(20);
  }
}

const workerIdIn = (folder: string): string => new Identity(join(folder, "worker")).membership()?.workerId ?? "";

async function* bytes(text: string) {
  yield Buffer.from(text);
}

async function submit({ core }: Server, workerId: string, script: string): Promise<string> {
  const taken = await core.lines.submit(workerId, { workType: "sh" }, bytes(script), admin, patience());
  return (taken as { unit: string }).unit;
}

function output({ core }: Server, workerId: string, unit: string) {
  return core.lines.open(workerId, { method: "units.results", params: { unit, from: 0 } }, admin, patience());
}

beforeAll(builtHelpers);

async function withWorker(
  roads: (port: number, tcp: number) => { server: ServerRoad[]; worker: Section[] },
  run: (folder: TempFolder, server: Server, worker: ManagedWorker, workerId: string) => Promise<void>,
): Promise<void> {
  await using folder = await tempFolder();
  const [port, tcp] = [await freePort(), await freePort()];
  const { server: serverRoads, worker: workerRoads } = roads(port, tcp);
  const server = await openServer(folder.path, port, serverRoads);
  const worker = await joinWorker(folder.path, server, workerRoads);
  const workerId = workerIdIn(folder.path);
  try {
    await until(() => server.core.lines.isConnected(workerId) && worker.agentState.state === "registered");
    await run(folder, server, worker, workerId);
  } finally {
    await worker.close("stopped");
    await server[Symbol.asyncDispose]();
  }
}

test("a server that was started anew finds its worker again, and the worker its unit", async () => {
  await withWorker(
    () => ({ server: [], worker: [] }),
    async (folder, server, worker, workerId) => {
      const unit = await submit(server, workerId, "echo one; sleep 3; echo two");
      await server[Symbol.asyncDispose]();
      await using again = await openServer(folder.path, server.port);
      await until(() => again.core.lines.isConnected(workerId) && worker.agentState.state === "registered");
      const { stream } = await output(again, workerId, unit);
      expect((await buffer(stream)).toString()).toBe("one\ntwo\n");
    },
  );
});

test("with two roads, losing one moves a stream to the other, and no byte is lost", async () => {
  await withWorker(
    (port, tcp) => ({
      server: [{ kind: "tcp", host: "127.0.0.1", port: tcp }],
      worker: [
        { "ws-peer": { address: `wss://127.0.0.1:${port}/mesh`, tls: fleetProfile } },
        { "tcp-peer": { address: `127.0.0.1:${tcp}`, tls: fleetProfile } },
      ],
    }),
    async (_folder, server, _worker, workerId) => {
      const unit = await submit(
        server,
        workerId,
        "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); sleep 0.002; done",
      );
      const { stream } = await output(server, workerId, unit);
      const whole = buffer(stream);
      await sleep(500);
      const before = server.core.mesh.roadTo("shed") ?? "";
      // Whichever road it came by first is the one that is lost.
      if (before.startsWith("ws")) server.closePort();
      else server.core.mesh.rejectNeighbour("shed", "the road is cut");
      const text = (await whole).toString();
      expect(text).toBe(Array.from({ length: 2000 }, (_, n) => `line ${n}\n`).join(""));
      if (before.startsWith("ws")) expect(server.core.mesh.roadTo("shed")).toMatch(/^tcp/);
    },
  );
});

test.each(["tcp", "ws", "http"] as const)("a worker comes by %s when its one road says so", async (kind) => {
  await withWorker(
    (_port, tcp) => ({
      server: [{ kind, host: "127.0.0.1", port: tcp }],
      worker: [
        kind === "tcp"
          ? { "tcp-peer": { address: `127.0.0.1:${tcp}`, tls: fleetProfile } }
          : kind === "ws"
            ? { "ws-peer": { address: `wss://127.0.0.1:${tcp}/mesh`, tls: fleetProfile } }
            : { "http-peer": { url: `https://127.0.0.1:${tcp}/mesh`, tls: fleetProfile } },
      ],
    }),
    async (_folder, server, _worker, workerId) => {
      expect(server.core.mesh.roadTo("shed")).toMatch(new RegExp(`^${kind}`));
      const unit = await submit(server, workerId, "echo $((6 * 7))");
      const { stream } = await output(server, workerId, unit);
      expect((await buffer(stream)).toString()).toBe("42\n");
    },
  );
});

test("a worker comes by RabbitMQ, and comes back when the broker was away", async () => {
  await using broker = await startRabbitmq();
  await withWorker(
    () => ({
      server: [{ kind: "amqp", url: broker.url }],
      worker: [{ "amqp-peer": { url: broker.url, hub: "server" } }],
    }),
    async (_folder, server, worker, workerId) => {
      expect(server.core.mesh.roadTo("shed")).toMatch(/^amqp/);
      const unit = await submit(server, workerId, "echo before; sleep 1; echo after");
      const { stream } = await output(server, workerId, unit);
      expect((await buffer(stream)).toString()).toBe("before\nafter\n");
      await broker.stop();
      await until(() => !server.core.mesh.hasRoute("shed"));
      await broker.start();
      await until(() => server.core.lines.isConnected(workerId) && worker.agentState.state === "registered");
      const later = await submit(server, workerId, "echo again");
      const { stream: again } = await output(server, workerId, later);
      expect((await buffer(again)).toString()).toBe("again\n");
    },
  );
});
