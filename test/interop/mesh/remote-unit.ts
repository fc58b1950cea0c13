import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessNode } from "../../kit/mesh.ts";
import { runProcess } from "../../kit/processes.ts";
import { receptorctlPath } from "../../kit/receptorctl.ts";
import { unitIdIn } from "../worker.ts";

/** What `work list` tells of a unit, of a `remote` one too. */
export interface MeshUnit {
  readonly State: number;
  readonly StateName: string;
  readonly Detail: string;
  readonly StdoutSize: number;
  readonly WorkType: string;
  readonly ExtraData: Readonly<Record<string, unknown>> | null;
}

/** Every unit of a node, by id. */
export async function unitsOf(node: ProcessNode): Promise<Record<string, MeshUnit>> {
  const { stdout, stderr } = await node.ctl("work", "list");
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, MeshUnit>;
}

/** Wait until a unit is as the question wants it, and give it. @throws with what it was when the limit came. */
export async function untilUnit(
  node: ProcessNode,
  id: string,
  isSo: (unit: MeshUnit) => boolean,
  limitMs = 60_000,
): Promise<MeshUnit> {
  const limit = AbortSignal.timeout(limitMs);
  for (;;) {
    const unit = (await unitsOf(node))[id];
    if (unit && isSo(unit)) return unit;
    if (limit.aborted) throw new Error(`unit ${id} of ${node.id} stayed ${JSON.stringify(unit)}\n${node.log()}`);
    await sleep(50);
  }
}

export const hasState = (name: string) => (unit: MeshUnit) => unit.StateName === name;

/** Wait until a node has forgotten a unit. */
export async function untilGone(node: ProcessNode, id: string, limitMs = 60_000): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  while (id in (await unitsOf(node))) {
    if (limit.aborted) throw new Error(`unit ${id} of ${node.id} is still there\n${node.log()}`);
    await sleep(50);
  }
}

/** Wait until a node has a way to another. */
export async function reaches(node: ProcessNode, to: string, limitMs = 60_000): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  while (!(to in (await node.status()).RoutingTable)) {
    if (limit.aborted) throw new Error(`${node.id} has no way to ${to}\n${node.log()}`);
    await sleep(50);
  }
}

/** `work submit …`. Gives the unit's id. @throws with what the client said instead. */
export async function submit(node: ProcessNode, ...args: string[]): Promise<string> {
  return unitIdIn(await node.ctl("work", "submit", ...args));
}

/** The id of the executor's unit, once it has one. */
export async function remoteIdOf(node: ProcessNode, id: string): Promise<string> {
  const unit = await untilUnit(node, id, ({ ExtraData }) => ExtraData?.RemoteStarted === true);
  return String(unit.ExtraData?.RemoteUnitID);
}

/** SHA-256 of all that `work results` gives, straight from the client into `sha256sum`. */
export async function digestOfResults(node: ProcessNode, id: string): Promise<string> {
  const words = ["--socket", node.socket, "work", "results", id];
  const shell = `set -o pipefail; "$@" | sha256sum`;
  const { stdout, stderr, code } = await runProcess("bash", ["-c", shell, "bash", receptorctlPath ?? "", ...words]);
  if (code !== 0) throw new Error(stderr);
  return stdout.slice(0, 64);
}
