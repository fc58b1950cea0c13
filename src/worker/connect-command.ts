import { setTimeout as sleep } from "node:timers/promises";
import type { ControlCommand, ControlSession } from "#control";
import { type Mesh, MeshError, splice } from "#mesh";
import { invalidRequest, requiredText } from "./node-requests.ts";

/**
 * receptorctl reads the line "Connecting" by a buffered file and what follows from the socket itself: a greeting that comes
 * with that line, in one read, is lost to it. The bytes of the far end wait for so long, milliseconds.
 */
const apartMs = 100;

/** Throws when this session may not be connected there. */
export type MayConnect = (session: ControlSession, node: string, service: string) => void;

/** `connect` (spec §1.6): the session becomes a stream to a service of any node. */
export function connectCommand(
  mesh: Pick<Mesh, "dial" | "hasRoute">,
  mayConnect: MayConnect = () => undefined,
): ControlCommand {
  return {
    name: "connect",
    parseText: (rest) => {
      const [node, service, tls, more] = rest.split(" ");
      if (!node || !service) throw invalidRequest("no connect target");
      if (more !== undefined) throw invalidRequest("too many parameters");
      return { node, service, tls: tls ?? "" };
    },
    parseJson: (request) => {
      const node = requiredText(request["node"], "no connect target node", "connect target node must be string");
      const missing = "no connect target service";
      const service = requiredText(request["service"], missing, "connect target service must be string");
      const tls = request["tls"] ?? "";
      if (typeof tls !== "string") throw invalidRequest("connect tls name must be string");
      return { node, service, tls };
    },
    run: async ({ node, service, tls }, session) => {
      mayConnect(session, String(node), String(service));
      const stream = await dial(mesh, String(node), String(service), String(tls), session.signal);
      // Not even a command that shuffles bytes outlives its listener.
      session.signal.addEventListener("abort", () => stream.destroy(), { once: true });
      try {
        await session.writeLine("Connecting");
        await sleep(apartMs, undefined, { signal: session.signal });
      } catch (error) {
        stream.destroy();
        throw error;
      }
      await splice(session.takeStream(), stream);
      return "close";
    },
  };
}

/** A node nobody has heard of is not waited for: whoever sits at the other end wants to know at once. */
async function dial(
  mesh: Pick<Mesh, "dial" | "hasRoute">,
  node: string,
  service: string,
  tls: string,
  signal: AbortSignal,
) {
  const isHere = node.toLowerCase() === "localhost";
  if (!isHere && !mesh.hasRoute(node)) throw new MeshError("NO_ROUTE", `no route to node ${node}`);
  return await mesh.dial(node, service, { tls: tls || undefined, signal });
}
