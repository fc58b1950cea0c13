import type { Duplex } from "node:stream";
import { cpus, totalmem } from "node:os";
import { type ControlCommand, ControlError, type JsonObject } from "#control";
import { formatGoDuration } from "#core";
import { WorkerError } from "./errors.ts";
import { duplexPair, splice } from "./loopback.ts";

/** What the node commands need to know of the node. */
export interface NodeFacts {
  readonly nodeId: string;
  /** Text of `Version` in `status`. */
  readonly version: string;
  /** Names of the control services, as advertised. */
  readonly services: readonly string[];
  /** Who serves a stream to the control service of this name; undefined when there is no such service. */
  readonly serve: (service: string) => ((stream: Duplex) => void) | undefined;
  readonly workCommands: () => readonly { WorkType: string; Secure: boolean }[];
}

/** `status`, `ping`, `traceroute` and `connect` of a node that has no mesh links (spec §1.3 to §1.6). */
export function nodeCommands(facts: NodeFacts): ControlCommand[] {
  return [statusCommand(facts), pingCommand(facts), tracerouteCommand(facts), connectCommand(facts)];
}

function statusCommand(facts: NodeFacts): ControlCommand {
  return {
    name: "status",
    parseText: (rest) => {
      if (rest !== "") throw invalid("status command does not take parameters");
      return {};
    },
    parseJson: (request) => ({ fields: requestedFields(request["requested_fields"]) }),
    run: async ({ fields }) => pick(nodeStatus(facts), fields as readonly string[] | undefined),
  };
}

function requestedFields(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((field) => typeof field === "string")) {
    throw invalid("each element of requested_fields must be a string");
  }
  return value;
}

function pick(status: JsonObject, fields: readonly string[] | undefined): JsonObject {
  if (!fields) return status;
  return Object.fromEntries(Object.entries(status).filter(([name]) => fields.includes(name)));
}

/** Exactly Receptor's eight keys. */
function nodeStatus({ nodeId, version, services, workCommands }: NodeFacts): JsonObject {
  return {
    Version: version,
    SystemCPUCount: cpus().length,
    SystemMemoryMiB: Math.floor(totalmem() / 2 ** 20),
    NodeID: nodeId,
    Connections: [],
    RoutingTable: {},
    Advertisements: services.map((Service) => ({
      NodeID: nodeId,
      Service,
      Time: new Date().toISOString(),
      ConnType: 1,
      Tags: { type: "Control Service" },
      WorkCommands: workCommands().length > 0 ? workCommands() : null,
    })),
    KnownConnectionCosts: {},
  };
}

function pingCommand({ nodeId }: NodeFacts): ControlCommand {
  return {
    ...target("ping"),
    run: async ({ target: node }) => {
      const start = process.hrtime.bigint();
      if (!isSelf(node, nodeId)) return { Error: "no route to node", Success: false };
      return { From: nodeId, Success: true, ...timeSince(start) };
    },
  };
}

function tracerouteCommand({ nodeId }: NodeFacts): ControlCommand {
  return {
    ...target("traceroute"),
    run: async ({ target: node }) => {
      // Hop 0 is this node, wherever the way was meant to lead.
      const here = () => ({ From: nodeId, ...timeSince(process.hrtime.bigint()) });
      if (isSelf(node, nodeId)) return { "0": here() };
      return { "0": here(), "1": { ...here(), Error: "no route to node" } };
    },
  };
}

/** Of the mesh there is only this node, so `connect` reaches its own services and no others. */
function connectCommand({ nodeId, serve }: NodeFacts): ControlCommand {
  return {
    name: "connect",
    parseText: (rest) => {
      const [node, service, , more] = rest.split(" ");
      if (!node || !service) throw invalid("no connect target");
      if (more !== undefined) throw invalid("too many parameters");
      return { node, service };
    },
    parseJson: (request) => {
      const node = text(request["node"], "no connect target node", "connect target node must be string");
      const service = text(request["service"], "no connect target service", "connect target service must be string");
      if (typeof (request["tls"] ?? "") !== "string") throw invalid("connect tls name must be string");
      return { node, service };
    },
    run: async ({ node, service }, session) => {
      if (!isSelf(node, nodeId)) {
        throw new WorkerError("NO_ROUTE", `no route to node ${String(node)}: this worker is not part of a mesh`);
      }
      const serveStream = serve(String(service));
      if (!serveStream) throw new WorkerError("SERVICE_UNKNOWN", `service unknown: ${String(service)}`);
      await session.writeLine("Connecting");
      const [near, far] = duplexPair();
      serveStream(far);
      await splice(session.takeStream(), near);
      return "close";
    },
  };
}

/** Both forms of a command that takes one node. */
function target(name: string): Pick<ControlCommand, "name" | "parseText" | "parseJson"> {
  const missing = `no ${name} target`;
  return {
    name,
    parseText: (rest) => ({ target: text(rest || undefined, missing, missing) }),
    parseJson: (request) => ({ target: text(request["target"], missing, `${name} target must be string`) }),
  };
}

function text(value: unknown, missing: string, wrongKind: string): string {
  if (value === undefined || value === "") throw invalid(missing);
  if (typeof value !== "string") throw invalid(wrongKind);
  return value;
}

function isSelf(node: unknown, nodeId: string): boolean {
  return node === nodeId || node === "localhost";
}

function timeSince(start: bigint): { Time: number; TimeStr: string } {
  const nanoseconds = process.hrtime.bigint() - start;
  return { Time: Number(nanoseconds), TimeStr: formatGoDuration(nanoseconds) };
}

function invalid(message: string): ControlError {
  return new ControlError("REQUEST_INVALID", message);
}
