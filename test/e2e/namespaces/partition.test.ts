import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cable, describeWithNamespaces, type Host } from "../../kit/namespaces.ts";
import { type Lab, type LabNode, openLab, type Sections } from "./nodes.ts";

/** Who dials whom: two rings of three, and two cables between them. */
const rings = ["1-2", "2-3", "3-1", "4-5", "5-6", "6-4"];
const bridges = ["3-4", "1-6"];
const [left, right] = [
  ["1", "2", "3"],
  ["4", "5", "6"],
];
const everyone = [...left, ...right];

describeWithNamespaces("six nodes in two rings", () => {
  let lab: Lab;
  const nodes = new Map<string, LabNode>();
  const between: Cable[] = [];
  const all = (names = everyone) => names.map((name) => nodes.get(name)).filter((node) => node !== undefined);

  beforeAll(async () => {
    lab = await openLab();
    const hosts = new Map<string, Host>();
    for (const name of everyone) hosts.set(name, await lab.host());
    const peers = new Map<string, Sections>();
    for (const pair of [...rings, ...bridges]) {
      const [from = "", to = ""] = pair.split("-");
      const cable = await lab.cable(hostOf(hosts, from), hostOf(hosts, to));
      peers.set(from, [...(peers.get(from) ?? []), { "tcp-peer": { address: `${cable.addresses[1]}:7000` } }]);
      if (bridges.includes(pair)) between.push(cable);
    }
    for (const [name, host] of hosts)
      nodes.set(name, lab.node(host, name, [{ "tcp-listener": { port: 7000 } }, ...(peers.get(name) ?? [])]));
    await Promise.all(all().map((node) => node.start()));
    await Promise.all(all().map((node) => node.untilReaches(...all())));
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  test("go on in two halves when all between the rings is silent, and all find all again once it is not", async () => {
    for (const cable of between) await cable.silence();
    const isApart = (half: readonly string[]) => (routes: object) =>
      Object.keys(routes).every((name) => half.includes(name));
    await Promise.all(all(left).map((node) => node.untilRoutes(isApart(left))));
    await Promise.all(all(right).map((node) => node.untilRoutes(isApart(right))));
    await expectPings(all(left));
    await expectPings(all(right));

    for (const cable of between) await cable.heal();
    await Promise.all(all().map((node) => node.untilReaches(...all())));
    await expectPings(all());
  });
});

function hostOf(hosts: ReadonlyMap<string, Host>, name: string): Host {
  const host = hosts.get(name);
  if (!host) throw new Error(`no host ${name}`);
  return host;
}

async function expectPings(nodes: readonly LabNode[]): Promise<void> {
  const silent: string[] = [];
  for (const from of nodes) {
    for (const to of nodes) if (!(await from.pings(to.id))) silent.push(`${from.id} → ${to.id}`);
  }
  expect(silent).toEqual([]);
}
