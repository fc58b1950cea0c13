import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { silentLog, systemClock } from "#core";
import { challenge, Conversation, heartbeat, methodTable, register, serve } from "#fleet";
import { duplexPair } from "../../../test/kit/cable.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { Agent } from "./agent.ts";
import { Askers } from "./askers.ts";
import { Identity } from "./identity.ts";
import { Instance } from "./instance.ts";

const self = { name: "w1", labels: {}, mode: "session" as const, version: "1", capabilities: [], helperSlots: 1 };
const membership = { workerId: "w", name: "w1", node: "w1", serverNode: "server", serverUrl: "https://server" };
const work = () => ({
  ...{ state: "registered", helpersRunning: 0, helpersBusy: 0, helperSlots: 1, unitsRunning: 0, unitsPending: 0 },
});
const vitals = async () => ({
  ...{ cpuPercent: 1, memoryUsedBytes: 1, memoryTotalBytes: 1, loadAverage1m: 0, loadAverage5m: 0, loadAverage15m: 0 },
  ...{ diskFreeBytes: 1, diskTotalBytes: 1, machineUptimeSeconds: 1 },
});

/** A server that registers whoever comes, and counts what it hears. */
function playedServer() {
  const heard = { registrations: 0, beats: 0 };
  const table = methodTable([
    serve(challenge, () => ({ nonce: randomBytes(32).toString("base64url"), serverTimeMs: Date.now() })),
    serve(register, () => {
      heard.registrations++;
      return {
        ...{ workerId: "w", name: "w1", node: "w1", epoch: 1, labels: {}, serverTimeMs: Date.now() },
        ...{ heartbeatEveryMs: 1_000, comeBackWithinMs: 0, serverNode: "server", authority: "a", certificate: "c" },
      };
    }),
    serve(heartbeat, () => {
      heard.beats++;
      return { serverTimeMs: Date.now(), assertionTimeMs: Date.now(), nextInMs: 1_000 };
    }),
  ]);
  const names = { ownName: "server", peerName: "w1" };
  const conversation = new Conversation({ ...names, table, clock: systemClock, log: silentLog, met: () => {} });
  return { heard, conversation };
}

test("a conversation that goes on after dials in vain needs no registration, and the heart beats on", async () => {
  await using folder = await tempFolder();
  const signal = AbortSignal.timeout(60_000);
  const { heard, conversation } = playedServer();
  let [isUp, vain] = [true, 0];
  let cut: () => void = () => {};
  const dial = async () => {
    if (!isUp) throw new Error(`no road, try ${++vain}`);
    const [near, far] = duplexPair();
    cut = () => far.destroy();
    void conversation.attach(far);
    return Object.assign(near, { remoteNode: "server" }) as never;
  };
  const identity = new Identity(folder.path);
  const agent = new Agent({
    ...{ mesh: { dial, onLinkUp: () => () => {} }, membership, self, tlsClient: "t" },
    ...{ identity, instance: new Instance(0), askers: new Askers(() => ({})), table: new Map(), vitals, work },
    ...{ sessionEnded: () => {}, log: silentLog },
  } as never);
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await sleep(10, undefined, { signal });
  };
  agent.start();
  await until(() => agent.state.state === "registered" && heard.beats > 0);

  isUp = false;
  cut();
  await until(() => agent.state.state === "connecting" && vain >= 2);
  expect(agent.state).toMatchObject({ trouble: expect.stringContaining("no road"), tries: vain });

  isUp = true;
  await until(() => agent.state.state === "registered");
  expect(agent.state).toEqual({ state: "registered" });
  const before = heard.beats;
  await until(() => heard.beats > before);
  expect(heard.registrations).toBe(1);
  await agent.close({ reason: "stopped", detail: "", unitsRunning: 0 });
  conversation.close();
});
