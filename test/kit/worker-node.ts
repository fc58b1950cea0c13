import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connectControl, type JsonObject, parseControlAddress } from "#control";
import { parseSettings, startDaemon } from "#worker";
import { helpersIn, kill, patience } from "./units.ts";
import type { TempFolder } from "./temp-folder.ts";

/** A worker daemon in this process, with a control socket. At the end of its scope nothing of it is left. */
export interface WorkerNode extends AsyncDisposable {
  readonly daemon: Awaited<ReturnType<typeof startDaemon>>;
  readonly nodeId: string;
  /** What it has logged, a line each: `warn: message`. */
  readonly logged: readonly string[];
  /** Port of its first mesh listener. */
  readonly port: number;
  /** Its settings file; write another one to it and call `reload`. */
  write(sections: string): void;
  client(): ReturnType<typeof connectControl>;
  /** One request on a connection of its own. */
  call(request: string | JsonObject): Promise<JsonObject>;
  /** Wait until this node knows a way to the others. */
  reaches(...nodes: string[]): Promise<void>;
}

/**
 * Start one from the sections of a settings file, list form; node and control socket are added.
 *
 * @param about more keys of the section `node`.
 */
export async function workerNode(folder: TempFolder, nodeId: string, sections = "", about = ""): Promise<WorkerNode> {
  const file = folder.file(`${nodeId}.yml`);
  const socket = folder.file(`${nodeId}.sock`);
  const dataDir = folder.file(`${nodeId}-data`);
  const write = (more: string): void =>
    writeFileSync(
      file,
      `- node: {id: ${nodeId}, datadir: ${dataDir}${about === "" ? "" : `, ${about}`}}
- control-service: {service: control, filename: ${socket}}
${more}`,
    );
  write(sections);
  const logged: string[] = [];
  const to = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
  const log = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  const daemon = await startDaemon(parseSettings(readFileSync(file, "utf8"), file), { configFiles: [file], log });
  const client = () => connectControl(parseControlAddress(socket));
  const call = async (request: string | JsonObject) => {
    const control = await client();
    try {
      return await control.call(request);
    } finally {
      control.close();
    }
  };
  return {
    daemon,
    nodeId,
    logged,
    port: Number(/:(\d+)$/.exec(daemon.meshAddresses[0] ?? "")?.[1] ?? 0),
    write,
    client,
    call,
    reaches: (...nodes) =>
      untilTrue(`${nodeId} reaches ${nodes.join(", ")}`, async () => {
        const routes = (await call("status"))["RoutingTable"] as JsonObject;
        return nodes.every((node) => node in routes);
      }),
    [Symbol.asyncDispose]: async () => {
      await daemon.close();
      for (const { pid } of helpersIn(dataDir)) await kill(pid);
    },
  };
}

/** Ask until the answer is yes. @throws when it never is. */
export async function untilTrue(what: string, ask: () => Promise<boolean>): Promise<void> {
  const signal = patience();
  while (!(await ask())) {
    if (signal.aborted) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
}
