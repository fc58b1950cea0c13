import type { Server } from "node:net";
import { errorText } from "#core";
import { MonitorError } from "./errors.ts";

/** Listen and give the port. @throws {MonitorError} `MONITOR_LISTEN_FAILED`, which names the setting `key`. */
export async function listening(server: Server, host: string | undefined, port: number, key: string): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const place = `${host ?? "*"}:${port}`;
    throw new MonitorError("MONITOR_LISTEN_FAILED", `${key}: cannot listen at ${place}: ${errorText(error)}`, {
      cause: error,
    });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
