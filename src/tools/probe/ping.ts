import { isIPv6 } from "node:net";
import { giveableCapabilities, ownProcessStatus } from "../capabilities.ts";
import { childLines, whileRunning } from "../child-lines.ts";
import { ToolError } from "../errors.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { toolExits } from "../wire.ts";
import { onlyTarget } from "./only-target.ts";
import { PingParams } from "./params-schema.ts";
import { type PingAnswer, readFpingLine, readPingLine } from "./ping-lines.ts";
import { PingTally } from "./ping-tally.ts";
import { readTracerouteAnswer } from "./ping-by-traceroute.ts";

/** Whether a host answers pings. Node has no ICMP, so that a program of the system sends them. */
export const ping: Tool<PingParams> = {
  name: "ping",
  summary: "whether a host answers pings, and how soon",
  params: PingParams,
  needs: [],
  uses: ["net_raw"],
  wants: ({ host }) => [{ kind: "target", host }],
  asks: () => ({ targets: 1 }),
  run: async (params, context) => {
    const { host, addresses } = onlyTarget(context);
    // An address that cannot even be tried, such as one of IPv6 where there is none, is left for the next.
    const ways = addresses.flatMap((address) => waysOf(params, address, context));
    let why = "this machine has neither ping, fping nor traceroute: install iputils-ping";
    for (const way of ways) {
      const tally = new PingTally({ host, ...way, attempts: params.attempts }, context);
      const said = await follow(way, tally, context);
      if (tally.told > 0 || context.signal.aborted) {
        tally.end();
        if (context.signal.aborted && tally.told === 0) throw context.signal.reason;
        return tally.received > 0 ? toolExits.done : toolExits.negative;
      }
      why = `${way.program}: ${said}`;
      context.note(why);
    }
    throw new ToolError(ways.length === 0 ? "PROGRAM_MISSING" : "TOOL_FAILED", why);
  },
};

/** A program that pings, and how what it says is read. */
interface PingWay {
  readonly program: string;
  readonly address: string;
  readonly path: string;
  readonly argv: readonly string[];
  readonly read: (line: string) => readonly PingAnswer[];
}

function waysOf({ attempts, everyMs, timeoutMs }: PingParams, address: string, { find }: ToolContext): PingWay[] {
  const family = isIPv6(address) ? "-6" : "-4";
  const seconds = String(Math.max(0.2, everyMs / 1_000));
  const wait = String(Math.ceil(timeoutMs / 1_000));
  const ways: PingWay[] = [];
  const add = (program: string, argv: readonly string[], read: PingWay["read"]): void => {
    const path = find(program);
    if (path !== undefined) ways.push({ program, address, path, argv, read });
  };
  const one = (answer: PingAnswer | undefined): PingAnswer[] => (answer ? [answer] : []);
  const pingArgv = [family, "-n", "-O", "-c", String(attempts), "-i", seconds, "-W", wait, "--", address];
  add("ping", pingArgv, (line) => one(readPingLine(line)));
  const fpingArgv = [family, "-C", String(attempts), "-p", String(everyMs), "-t", String(timeoutMs), "--", address];
  add("fping", fpingArgv, (line) => one(readFpingLine(line)));
  // As the last resort: probes that begin far enough out reach the target itself.
  const raw = giveableCapabilities(ownProcessStatus()).includes("net_raw") || process.geteuid?.() === 0 ? ["-I"] : [];
  const hops = ["-f", "64", "-m", "64", "-q", String(Math.min(10, attempts)), "-N", "1", "-w", wait];
  add("traceroute", [family, "-n", ...raw, ...hops, "--", address], (line) => readTracerouteAnswer(line, address));
  return ways;
}

/** @returns what the program said when it told nothing. */
async function follow(way: PingWay, tally: PingTally, context: ToolContext): Promise<string> {
  const child = context.start(way.path, way.argv);
  return await whileRunning(child, context.signal, async () => {
    for await (const line of childLines(child)) for (const answer of way.read(line)) tally.tell(answer);
    const { code, signal, said } = await child.ended;
    // `ping` says at its end only that the last ones are missing.
    if (code === 1 && /^(ping|fping)$/.test(way.program) && said === "") tally.restIsLost();
    return said.split("\n").at(-1) || `it ended with ${signal ?? `exit code ${code}`}`;
  });
}
