import type { ControlCommand, JsonObject } from "#control";
import { formatGoDuration } from "#core";
import type { Mesh, PingReply } from "#mesh";
import { requiredText } from "./node-requests.ts";

/** `ping` (spec §1.3): the reply tells of failure too, and never is an `ERROR:`. */
export function pingCommand(mesh: Pick<Mesh, "ping">): ControlCommand {
  return {
    ...forTarget("ping"),
    run: async ({ target }, session) => {
      const reply = await mesh.ping(String(target), { signal: session.signal });
      if (reply.problem) return { Error: reply.problem.text, Success: false };
      return { From: reply.from, Success: true, ...timeOf(reply) };
    },
  };
}

/** `traceroute` (spec §1.4): one reply, when the last hop has answered. That a hop says `message expired` is no error. */
export function tracerouteCommand(mesh: Pick<Mesh, "traceroute">): ControlCommand {
  return {
    ...forTarget("traceroute"),
    run: async ({ target }, session) => {
      const hops: JsonObject = {};
      let hop = 0;
      for await (const reply of mesh.traceroute(String(target), session.signal)) hops[String(hop++)] = hopOf(reply);
      return hops;
    },
  };
}

function hopOf(reply: PingReply): JsonObject {
  const { problem } = reply;
  const isOnTheWay = !problem || problem.code === "EXPIRED";
  return { From: reply.from, ...timeOf(reply), ...(!isOnTheWay && { Error: problem.text }) };
}

function timeOf({ ms }: PingReply): { Time: number; TimeStr: string } {
  const nanoseconds = Math.round(ms * 1e6);
  return { Time: nanoseconds, TimeStr: formatGoDuration(nanoseconds) };
}

/** Both forms of a command that takes one node. */
function forTarget(name: string): Pick<ControlCommand, "name" | "parseText" | "parseJson"> {
  const missing = `no ${name} target`;
  return {
    name,
    parseText: (rest) => ({ target: requiredText(rest, missing, missing) }),
    parseJson: (request) => ({ target: requiredText(request["target"], missing, `${name} target must be string`) }),
  };
}
