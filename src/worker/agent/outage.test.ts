import { expect, test } from "vitest";
import { silentLog } from "#core";
import { virtualClock } from "../../../test/kit/virtual-clock.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { Agent } from "./agent.ts";
import { Askers } from "./askers.ts";
import { Identity } from "./identity.ts";
import { Instance } from "./instance.ts";

const self = { name: "w1", labels: {}, mode: "session" as const, version: "1", capabilities: [], helperSlots: 1 };
const membership = { workerId: "w", name: "w1", node: "w1", serverNode: "server", serverUrl: "https://server" };

test("a server that is away for ten minutes is one line of the log, and a number in the status (CAT-120)", async () => {
  await using folder = await tempFolder();
  const clock = virtualClock();
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  let dials = 0;
  let linkUp: (node: string) => void = () => {};
  const mesh = {
    dial: () => Promise.reject(new Error(`no route to the server, try ${++dials}`)),
    onLinkUp: (listener: (node: string) => void) => {
      linkUp = listener;
      return () => {};
    },
  };
  const agent = new Agent({
    ...{ mesh, membership, self, clock, tlsClient: "t", random: () => 0.5 },
    ...{ identity: new Identity(folder.path), instance: new Instance(0), askers: new Askers(() => ({})) },
    ...{ table: new Map(), vitals: () => Promise.reject(new Error("none")), work: () => ({}) as never },
    sessionEnded: () => {},
    log: { ...silentLog, info: note, warn: note, error: note },
  });
  agent.start();
  await clock.pass(10 * 60_000);
  expect(lines).toEqual([expect.stringMatching(/^the server cannot be reached: no route/)]);
  expect(dials).toBeGreaterThan(8);
  expect(dials).toBeLessThan(20);
  expect(agent.state).toMatchObject({ state: "connecting", tries: dials });

  // A road that comes up is tried at once.
  const before = dials;
  linkUp("server");
  await clock.pass(0);
  expect(dials).toBe(before + 1);
  const closing = agent.close({ reason: "stopped", detail: "", unitsRunning: 0 });
  await clock.pass(1_000);
  await closing;
});
