import type { MeshPlan, NodePlan, Program, RoadKind } from "../../kit/mesh-plan.ts";
import { receptorBin } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, startMesh } from "../../kit/mesh.ts";
import { makeNodeAuthority } from "../../kit/node-certificates.ts";
import { rabbitmqServer } from "../../kit/rabbitmq.ts";
import { writeSigningKeys } from "../../kit/signing-keys.ts";

/** What stands at a place of a row: a node of ours or theirs, or one of ours that is a stub (design §4.2). */
export type Member = Program | "stub";

/** One field of the table in docs/interop.md: whose programs stand in a row, and what kind of road joins them. */
export interface Cell {
  /** Submitter first, executor last. */
  readonly programs: readonly Member[];
  readonly road: RoadKind;
  /** On the roads and on the streams. udp has it on the streams only, so it has no such cell. */
  readonly tls: boolean;
}

export function cellName({ programs, road, tls }: Cell): string {
  return `${programs.join("–")} over ${road}, ${tls ? "TLS" : "plain"}`;
}

const alwaysRun: readonly Cell[] = [
  { programs: ["ours", "ours"], road: "tcp", tls: false },
  { programs: ["ours", "ours"], road: "tcp", tls: true },
  { programs: ["ours", "ours"], road: "ws", tls: true },
  { programs: ["ours", "ours"], road: "http", tls: false },
  ...(rabbitmqServer === undefined ? [] : [{ programs: ["ours", "ours"], road: "amqp", tls: false } as const]),
  { programs: ["ours", "ours", "ours"], road: "tcp", tls: false },
  { programs: ["ours", "ours", "ours"], road: "udp", tls: false },
];

const mixed: readonly (readonly Member[])[] = [
  ["ours", "theirs"],
  ["theirs", "ours"],
  ["ours", "theirs", "ours"],
  ["theirs", "ours", "theirs"],
];

const withTheirs = mixed.flatMap((programs): Cell[] => [
  { programs, road: "tcp", tls: false },
  { programs, road: "ws", tls: false },
  { programs, road: "udp", tls: false },
  { programs, road: "tcp", tls: true },
  { programs, road: "ws", tls: true },
]);

/** Behind a hub of ours, and at a Receptor node, which does not know what a stub is. */
const stubs: readonly Cell[] = [
  { programs: ["theirs", "ours", "stub"], road: "tcp", tls: false },
  { programs: ["theirs", "ours", "stub"], road: "ws", tls: true },
  { programs: ["stub", "ours", "theirs"], road: "tcp", tls: false },
  { programs: ["stub", "ours", "theirs"], road: "ws", tls: true },
  { programs: ["theirs", "stub"], road: "tcp", tls: false },
];

/** The cells with a real Receptor in them are there only when `RECEPTOR_BIN` names one. */
export const cells: readonly Cell[] = receptorBin === undefined ? alwaysRun : [...withTheirs, ...stubs, ...alwaysRun];

/** A stub behind its hub knows its hub alone; the hub knows the ways (docs/wire/stub-links.md). */
export function hubOf({ programs }: Cell, id: "left" | "right"): string | undefined {
  const member = id === "left" ? programs[0] : programs.at(-1);
  return member === "stub" && programs.length === 3 ? "relay" : undefined;
}

/** Start the nodes of a cell: `left` submits, `right` executes, and `relay` stands between them where there are three. */
export async function startCell(cell: Cell): Promise<ProcessMesh> {
  const ids = cell.programs.length === 3 ? ["left", "relay", "right"] : ["left", "right"];
  const nodes = ids.map((id, index) => [id, nodePlan(id, cell.programs[index] ?? "ours", cell.tls)] as const);
  // The listener starts first, and is the relay or the submitter.
  const listener = ids.length === 3 ? "relay" : "left";
  const roads = ids
    .filter((id) => id !== listener)
    .map((from) => ({ kind: cell.road, from, to: listener, tls: cell.tls }));
  const ordered = nodes.toSorted(([a], [b]) => Number(b === listener) - Number(a === listener));
  const plan: MeshPlan = { nodes: Object.fromEntries(ordered), roads };
  return await startMesh(plan, { prepare: (shared) => prepareCell(shared, ids) });
}

async function prepareCell(shared: string, ids: readonly string[]): Promise<void> {
  writeSigningKeys(shared, "work");
  const authority = await makeNodeAuthority(shared, "nodes");
  for (const id of ids) await authority.issue(`node-${id}`, [id]);
}

function nodePlan(id: string, member: Member, tls: boolean): NodePlan {
  const sections = `
- work-signing: {privatekey: "{shared}/work.pem", tokenexpiration: 5m}
- work-verification: {publickey: "{shared}/work.pub.pem"}
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: wait, command: sleep, params: "600"}
- work-command: {worktype: signed, command: cat, verifysignature: true}
${tls ? streamProfiles.replaceAll("{id}", id) : ""}`;
  const isStub = member === "stub";
  return {
    program: isStub ? "ours" : member,
    about: isStub ? { stub: true } : {},
    sections,
    controlTls: tls ? "node" : undefined,
  };
}

/** Certificates with node ids, which streams are checked by (Receptor specification §4.5). */
const streamProfiles = `
- tls-server: {name: node, cert: "{shared}/node-{id}.crt", key: "{shared}/node-{id}.key",
    requireclientcert: true, clientcas: "{shared}/nodes.crt"}
- tls-client: {name: node, cert: "{shared}/node-{id}.crt", key: "{shared}/node-{id}.key", rootcas: "{shared}/nodes.crt"}
`;
