import type { Server } from "node:net";
import { errorText, systemCode } from "#core";
import { MonitorError } from "./errors.ts";

/** What the system says of a host, not of a port. */
const ofHost = new Set(["ENOTFOUND", "EAI_AGAIN", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/** Listen and give the port. @throws {MonitorError} `MONITOR_LISTEN_FAILED`, `MONITOR_HOST_UNUSABLE`; they name the setting `key`. */
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
    const code = ofHost.has(systemCode(error) ?? "") ? "MONITOR_HOST_UNUSABLE" : "MONITOR_LISTEN_FAILED";
    throw new MonitorError(code, `${key}: cannot listen at ${place}: ${errorText(error)}`, {
      cause: error,
    });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
