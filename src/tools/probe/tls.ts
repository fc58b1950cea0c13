import type { Tool } from "../tool.ts";
import { type Attempted, msSince, probe } from "./attempts.ts";
import { connectTo } from "./connection.ts";
import { shakeHands } from "./handshake.ts";
import { onlyTarget } from "./only-target.ts";
import { TlsParams } from "./params-schema.ts";

/** Whether a server shakes hands with a certificate that holds, and for how long it will. */
export const tls: Tool<TlsParams> = {
  name: "tls",
  summary: "whether a TLS server has a certificate that holds",
  params: TlsParams,
  needs: [],
  uses: [],
  wants: ({ host }) => [{ kind: "target", host }],
  asks: () => ({ targets: 1, ports: 1 }),
  run: async (params, context) => {
    const target = onlyTarget(context);
    const { host, port, serverName = host, ca, minDays, trust } = params;
    const attempt = async (signal: AbortSignal): Promise<Attempted> => {
      const start = performance.now();
      const { socket, address } = await connectTo(target, port, signal);
      try {
        const connectMs = msSince(start);
        const { socket: tls, fault, fields } = await shakeHands(socket, { serverName, ca }, signal);
        tls.destroy();
        const error = trust === "any" ? undefined : (fault ?? tooSoon(fields["daysLeft"], minDays));
        const found = { address, port, connectMs, ...fields };
        return { ok: error === undefined, ...(error !== undefined && { error }), fields: found };
      } finally {
        socket.destroy();
      }
    };
    return await probe({ ...params, probe: "tls", target: `${host}:${port}`, attempt }, context);
  },
};

function tooSoon(days: unknown, least: number): string | undefined {
  return typeof days === "number" && days < least ? `the certificate is over in ${days} days` : undefined;
}
