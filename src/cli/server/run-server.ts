import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Closable, Closers, errorText, type LogLevel, notifySupervisor, openLog, tlsServerSource } from "#core";
import { factorPolicy, parseRoad, type RunningServer, ServerError, startServer, type StoreSettings } from "#server";
import { version } from "#worker";
import type { ServerOptions } from "../commands/server.ts";
import { hearInterrupts } from "../interrupts.ts";
import type { Terminal } from "../terminal.ts";
import { dataDirOf, makeDataDir } from "./data-dir.ts";

/** Run a server until a signal ends it. */
export async function runServer(options: ServerOptions, terminal: Terminal): Promise<number> {
  terminal.outliveOutput();
  const interrupts = hearInterrupts();
  const closers = new Closers();
  try {
    const log = await openLog(levelOf(options.log), "receptor");
    const dataDir = dataDirOf(options, terminal.env);
    makeDataDir(dataDir);
    const { cert, key } = options;
    if ((cert === undefined) !== (key === undefined)) throw invalid("cert and key are given together or not at all");
    const server = await startServer({
      dataDir,
      store: storeOf(options, dataDir, terminal.env),
      listen: addressOf(options.listen ?? "127.0.0.1:8443"),
      publicUrl: options.publicUrl,
      hostNames: options.hostName,
      plainHttp: options.plainHttp,
      tls: cert && key ? tlsServerSource({ cert, key }, log) : undefined,
      trustedProxies: options.trustedProxy,
      roads: (options.road ?? []).map((road) => parseRoad(road, readText)),
      maxPending: maxPendingOf(options.maxPending),
      auditKeptMs: daysIn("audit-days", options.auditDays),
      unitsKeptMs: daysIn("unit-days", options.unitDays),
      quokka: quokkaOf(options),
      openMetrics: options.openMetrics,
      policy: options.policy,
      ...{ entitlement: options.entitlement, entitlementKeys: options.entitlementKey },
      factors: factorPolicy(options.factor ?? []),
      version,
      log,
    });
    tellHow(server, terminal);
    closers.add(server);
    if (options.monitor !== undefined) closers.add(await monitorBeside(options.monitor, dataDir, server, terminal));
    notifySupervisor({ ready: true, status: `listens on ${server.url}` }, terminal.env);
    if (!interrupts.signal.aborted)
      await new Promise((resolve) => interrupts.signal.addEventListener("abort", resolve, { once: true }));
    notifySupervisor({ stopping: true }, terminal.env);
    log.info("stopping; units that run on workers go on");
    return 0;
  } finally {
    await closers.close().finally(() => interrupts.close());
  }
}

/** The relay of live progress in the same process; its channels are kept with the server's state, and every unit has one. */
async function monitorBeside(
  config: string,
  dataDir: string,
  { core: { unitChannels } }: RunningServer,
  terminal: Terminal,
): Promise<Closable> {
  const [{ startMonitor }, { readSettingsFile }] = await Promise.all([import("../run-monitor.ts"), import("#monitor")]);
  const settings = await readSettingsFile(config);
  const monitor = await startMonitor(settings, join(dataDir, "monitor"), terminal, unitChannels);
  unitChannels.showOn(monitor.fed);
  const close = async (): Promise<void> => {
    unitChannels.showOn(undefined);
    await monitor.close();
  };
  return { close };
}

/** Its database: a PostgreSQL where one is named, in a file or the environment, otherwise the embedded one. */
export function storeOf(
  { database }: Pick<ServerOptions, "database">,
  dataDir: string,
  env: Terminal["env"],
): StoreSettings {
  const url = database === undefined ? env["FARHAND_DATABASE_URL"] : readText(database).trim();
  if (url === undefined || url === "") return { kind: "sqlite", path: join(dataDir, "farhand.db") };
  if (!/^postgres(ql)?:\/\//.test(url)) throw invalid("database: it is no postgres:// URL");
  return { kind: "postgres", url };
}

function tellHow({ url, firstAdmin, core }: RunningServer, terminal: Terminal): void {
  terminal.print(`The server listens on ${url}`);
  terminal.print(`Certificate of its authority: ${core.authority.files.certificate}`);
  if (!firstAdmin) return;
  terminal.print(`First login, shown this once: user ${firstAdmin.name}, password ${firstAdmin.password}`);
}

/** `HOST:PORT`, or a port of the loopback. @throws {ServerError} SETTINGS_INVALID. */
export function addressOf(text: string): { host: string; port: number } {
  const [, host = "", port = ""] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535) throw invalid(`listen: ${text} is no HOST:PORT`);
  return { host: host || "127.0.0.1", port: Number(port) };
}

function maxPendingOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,4}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw invalid(`max-pending: ${text} is no number up to 9999`);
}

function daysIn(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text) * 24 * 60 * 60_000;
  throw invalid(`${option}: ${text} is no number of days from 1 to 99999`);
}

/** The port for workers of Quokka, when there is to be one. @throws {ServerError} SETTINGS_INVALID. */
function quokkaOf({ quokka, quokkaAllow, quokkaHost }: ServerOptions) {
  if (quokka !== undefined) return { listen: addressOf(quokka), allow: quokkaAllow, host: quokkaHost };
  if (quokkaAllow ?? quokkaHost) throw invalid("quokka-allow and quokka-host go with quokka");
  return undefined;
}

function levelOf(text = "info"): LogLevel {
  if (["error", "warning", "info", "debug"].includes(text)) return text as LogLevel;
  throw invalid(`log: ${text} is none of error, warning, info, debug`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw invalid(`${path} cannot be read: ${errorText(error)}`);
  }
}

const invalid = (why: string): ServerError => new ServerError("SETTINGS_INVALID", why);
