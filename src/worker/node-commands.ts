import { cpus, totalmem } from "node:os";
import type { ControlCommand, JsonObject } from "#control";
import type { Mesh, TlsProfiles } from "#mesh";
import type { OpenRoad } from "./mesh-roads.ts";
import { connectCommand, type MayConnect } from "./connect-command.ts";
import { invalidRequest } from "./node-requests.ts";
import { pingCommand, tracerouteCommand } from "./ping-commands.ts";

/** What the node commands need to know of the node. */
export interface NodeFacts {
  readonly mesh: Pick<Mesh, "nodeId" | "status" | "ping" | "traceroute" | "dial" | "hasRoute">;
  /** Text of `Version` in `status`. */
  readonly version: string;
  readonly profiles: Pick<TlsProfiles, "expiries">;
  /** The roads that are open now. */
  readonly roads: () => readonly OpenRoad[];
  readonly mayConnect?: MayConnect;
}

/** `status`, `ping`, `traceroute` and `connect` (spec §1.3 to §1.6). */
export function nodeCommands(facts: NodeFacts): ControlCommand[] {
  const { mesh, mayConnect } = facts;
  return [statusCommand(facts), pingCommand(mesh), tracerouteCommand(mesh), connectCommand(mesh, mayConnect)];
}

function statusCommand(facts: NodeFacts): ControlCommand {
  return {
    name: "status",
    parseText: (rest) => {
      if (rest !== "") throw invalidRequest("status command does not take parameters");
      return {};
    },
    parseJson: (request) => ({ fields: requestedFields(request["requested_fields"]) }),
    run: async ({ fields }) => nodeStatus(facts, fields as readonly string[] | undefined),
  };
}

function requestedFields(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((field) => typeof field === "string")) {
    throw invalidRequest("each element of requested_fields must be a string");
  }
  return value;
}

/** Exactly Receptor's eight keys, unless others are asked for: `Certificates` and `Roads` are Farhand's own. */
function nodeStatus({ mesh, version, profiles, roads }: NodeFacts, fields: readonly string[] | undefined): JsonObject {
  const status: JsonObject = {
    Version: version,
    SystemCPUCount: cpus().length,
    SystemMemoryMiB: Math.floor(totalmem() / 2 ** 20),
    NodeID: mesh.nodeId,
    ...mesh.status(),
  };
  if (!fields) return status;
  const asked = Object.entries(status).filter(([name]) => fields.includes(name));
  if (fields.includes("Certificates")) asked.push(["Certificates", certificates(profiles)]);
  if (fields.includes("Roads")) asked.push(["Roads", roads().map(roadOf)]);
  return Object.fromEntries(asked);
}

function roadOf({ description, addresses, sessions, problem }: OpenRoad): JsonObject {
  return {
    Road: description,
    Addresses: addresses,
    Sessions: sessions,
    ...(problem !== undefined && { Problem: problem }),
  };
}

/** Profiles and the end of their certificates; of a profile that cannot be read nothing is known. */
function certificates(profiles: Pick<TlsProfiles, "expiries">): JsonObject[] {
  return profiles.expiries().map(({ kind, profile, notAfter }) => ({
    Profile: profile,
    Kind: `tls-${kind}`,
    NotAfter: notAfter.toISOString(),
  }));
}
