import type { Tool } from "../tool.ts";
import { msSince, probe } from "./attempts.ts";
import { connectTo } from "./connection.ts";
import { TcpParams } from "./params-schema.ts";
import { onlyTarget } from "./only-target.ts";

/** Whether a TCP port takes connections, and how soon. */
export const tcp: Tool<TcpParams> = {
  name: "tcp",
  summary: "whether a TCP port takes connections",
  params: TcpParams,
  needs: [],
  uses: [],
  wants: ({ host }) => [{ kind: "target", host }],
  asks: () => ({ targets: 1, ports: 1 }),
  run: async (params, context) => {
    const target = onlyTarget(context);
    const attempt = async (signal: AbortSignal) => {
      const start = performance.now();
      const { socket, address } = await connectTo(target, params.port, signal);
      const connectMs = msSince(start);
      socket.destroy();
      return { ok: true, fields: { address, port: params.port, connectMs } };
    };
    return await probe({ ...params, probe: "tcp", target: `${params.host}:${params.port}`, attempt }, context);
  },
};
