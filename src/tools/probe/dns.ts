import { randomInt } from "node:crypto";
import { getServers } from "node:dns";
import { isIP } from "node:net";
import { ToolError } from "../errors.ts";
import type { ResolvedTarget, Tool, ToolContext } from "../tool.ts";
import { type Attempted, msSince, probe } from "./attempts.ts";
import type { DnsAnswer } from "./dns-message.ts";
import { DnsParams } from "./params-schema.ts";

/** Whether a name server answers, and with what. */
export const dns: Tool<DnsParams> = {
  name: "dns",
  summary: "whether a name server answers, and with what",
  params: DnsParams,
  needs: [],
  uses: [],
  wants: ({ server }) => (server === undefined ? [] : [{ kind: "target", host: server }]),
  asks: () => ({ targets: 1, ports: 1 }),
  run: async (params, context) => {
    const server = context.targets[0] ?? (await ownServer(context));
    const attempt = (signal: AbortSignal) => ask(params, server, signal);
    return await probe({ ...params, probe: "dns", target: params.name, attempt }, context);
  },
};

/** The first name server of this machine: one more host that is looked at, so the allow-list is asked for it too. */
async function ownServer(context: ToolContext): Promise<ResolvedTarget> {
  const own = getServers().find((server) => isIP(server) !== 0);
  if (own === undefined) throw new ToolError("TOOL_FAILED", "this machine has no name server: name one with `server`");
  return await context.resolve(own);
}

async function ask(params: DnsParams, server: ResolvedTarget, signal: AbortSignal): Promise<Attempted> {
  // Not before: a daemon has all tools, and runs none of them.
  const { askOverTcp, askOverUdp } = await import("./dns-exchange.ts");
  const { name, recordType, dnssec, port } = params;
  const question = { id: randomInt(65_536), name, recordType, dnssec };
  const address = server.addresses[0] as string;
  const start = performance.now();
  let [answer, transport] = [undefined as DnsAnswer | undefined, "udp"];
  if (!params.tcp) answer = await askOverUdp(question, { address, port }, signal);
  if (!answer || answer.truncated) {
    transport = "tcp";
    answer = await askOverTcp(question, server, port, signal);
  }
  const { code, answers, authenticated, authoritative } = answer;
  const error = faultOf(answer, params);
  return {
    ok: error === undefined,
    ...(error !== undefined && { error }),
    fields: {
      ...{ server: address, transport, answerMs: msSince(start), code },
      ...{ authenticated, authoritative, answers: answers.map((one) => ({ ...one })) },
    },
  };
}

function faultOf(
  { code, answers, authenticated }: DnsAnswer,
  { recordType, expect, dnssec, name }: DnsParams,
): string | undefined {
  if (code !== "NOERROR") return `the name server says ${code}`;
  if (!answers.some(({ type }) => type === recordType)) return `${name} has no ${recordType} record`;
  if (dnssec && !authenticated) return "the name server has not verified the answer (DNSSEC)";
  if (expect !== undefined && !answers.some(({ data }) => data === expect)) return `none of the answers is ${expect}`;
  return undefined;
}
