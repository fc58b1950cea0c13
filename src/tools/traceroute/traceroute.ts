import type { JsonObject } from "#core";
import { giveableCapabilities, ownProcessStatus } from "../capabilities.ts";
import { childLines, whileRunning } from "../child-lines.ts";
import { ToolError } from "../errors.ts";
import type { ChildEnd, Tool, ToolContext } from "../tool.ts";
import { toolExits } from "../wire.ts";
import { Hops } from "./hops.ts";
import { mtrArguments, readMtrLine } from "./mtr.ts";
import { TracerouteParams } from "./params-schema.ts";
import type { HopLine } from "./result.ts";
import { mostProbes, readTracerouteLine, tracerouteArguments } from "./traceroute-program.ts";

/** The path to a host, hop by hop, by mtr or traceroute. Without raw sockets traceroute can still go by UDP. */
export const traceroute: Tool<TracerouteParams> = {
  name: "traceroute",
  summary: "the path to a host, hop by hop",
  params: TracerouteParams,
  needs: [],
  uses: ["net_raw"],
  wants: ({ target }) => [{ kind: "target", host: target }],
  asks: () => ({}),
  run: async (params, context) => {
    const [target] = context.targets;
    if (!target) throw new ToolError("TOOL_FAILED", "there is no target");
    const { host, addresses } = target;
    const startedAt = performance.now();
    // An address that cannot even be tried, such as one of IPv6 where there is none, is left for the next.
    const ways = waysOf(params, context);
    const tries = addresses.flatMap((address) => ways.map((way) => ({ way, address })));
    for (const [at, { way, address }] of tries.entries()) {
      const why = await follow(way, params, { host, address, startedAt }, context);
      if (why === undefined) return toolExits.done;
      const next = tries[at + 1];
      if (!next) throw new ToolError("TOOL_FAILED", `${way.program}: ${why}`);
      context.note(
        `${way.program} cannot reach out for ${address} (${why}); trying ${next.way.program} ${next.address}`,
      );
    }
    throw new ToolError(
      "PROGRAM_MISSING",
      "this machine has neither mtr nor traceroute that could do it: install one of them",
    );
  },
};

/** A program that can look, and with what. */
interface Way {
  readonly program: "mtr" | "traceroute";
  readonly path: string;
  readonly method: "icmp" | "udp" | "tcp";
  readonly argv: (address: string) => string[];
  readonly read: (line: string, hops: Hops) => (HopLine | undefined)[];
}

/** What can be tried, the best first: mtr is live, and needs raw sockets; traceroute by UDP needs nothing. */
function waysOf(params: TracerouteParams, context: ToolContext): Way[] {
  const canRaw = giveableCapabilities(ownProcessStatus()).includes("net_raw") || process.geteuid?.() === 0;
  const mtr = canRaw && params.program !== "traceroute" ? context.find("mtr") : undefined;
  const other = params.program === "mtr" ? undefined : context.find("traceroute");
  const ways: Way[] = [];
  if (mtr !== undefined) {
    const method = params.method ?? "icmp";
    ways.push({
      ...{ program: "mtr", path: mtr, method, argv: (address) => mtrArguments({ ...params, method }, address) },
      read: (line, hops) => [readMtrLine(line, hops)],
    });
  }
  if (other !== undefined) {
    const method = params.method ?? "udp";
    const argv = (address: string) => tracerouteArguments({ ...params, method }, address, canRaw);
    ways.push({ program: "traceroute", path: other, method, argv, read: readTracerouteLine });
  }
  return ways;
}

interface Trace {
  readonly host: string;
  readonly address: string;
  readonly startedAt: number;
}

/** @returns why it could not be done at all, with nothing told; undefined when it was. */
async function follow(
  way: Way,
  { port, maxHops, probes }: TracerouteParams,
  { host, address, startedAt }: Trace,
  context: ToolContext,
): Promise<string | undefined> {
  const hops = new Hops(address);
  const sent = way.program === "mtr" ? probes : Math.min(mostProbes, probes);
  const first = {
    type: "path",
    target: host,
    address,
    program: way.program,
    method: way.method,
    maxHops,
    probes: sent,
  };
  let isTold = false;
  const tell = (lines: readonly (HopLine | undefined)[]): void => {
    for (const line of lines) {
      if (!line) continue;
      if (!isTold) context.line({ ...first, ...(port !== undefined && { port }) });
      isTold = true;
      context.line(line as unknown as JsonObject);
    }
  };
  const child = context.start(way.path, way.argv(address));
  const ended = await whileRunning(child, context.signal, async () => {
    for await (const line of childLines(child)) tell(way.read(line, hops));
    return await child.ended;
  });
  tell(hops.end());
  if (!isTold && !context.signal.aborted) return reasonOf(ended);
  const seconds = Math.round(performance.now() - startedAt) / 1_000;
  context.line({ type: "summary", target: host, address, ...hops.summary(), seconds });
  return undefined;
}

function reasonOf({ code, signal, said }: ChildEnd): string {
  const last = said.split("\n").at(-1)?.trim() ?? "";
  return last === "" ? `it ended with ${signal ?? `exit code ${code}`} and said nothing` : last;
}
