import { join } from "node:path";
import { errorText, notifySupervisor } from "#core";
import {
  ChannelFolder,
  type ChannelSource,
  channelToken,
  type FedChannels,
  type FoundSettings,
  type Monitor,
  MonitorError,
  type MonitorLog,
  type MonitorSettings,
  openLogFile,
  openMonitor,
  readChannelSecret,
  readSettingsFile,
} from "#monitor";
import type { MonitorOptions } from "./commands/monitor.ts";
import { CliError } from "./errors.ts";
import { hearInterrupts } from "./interrupts.ts";
import { defaultPlaces } from "./places.ts";
import type { Terminal } from "./terminal.ts";
import { programVersion } from "./version.ts";

/** `farhand monitor`: until a signal, or an order by ZeroMQ where that is allowed. */
export async function runMonitor({ config, check }: MonitorOptions, terminal: Terminal): Promise<number> {
  const found = await readSettingsFile(config, check);
  if (check) {
    tellWarnings(found, terminal);
    terminal.print(`${config ?? "the defaults"}: no faults`);
    return 0;
  }
  terminal.outliveOutput();
  // Heard before there is anything to stop, so that a signal while it starts is not lost.
  const interrupts = hearInterrupts();
  try {
    const monitor = await startMonitor(found, defaultFolder(terminal), terminal);
    notifySupervisor({ ready: true, status: monitor.place }, terminal.env);
    await Promise.race([fired(interrupts.signal), monitor.exitOrdered]);
    notifySupervisor({ stopping: true }, terminal.env);
    await monitor.close();
    return 0;
  } finally {
    interrupts.close();
  }
}

/** A monitor with its log, and where it is. */
export interface StartedMonitor {
  readonly place: string;
  readonly exitOrdered: Promise<void>;
  readonly fed: FedChannels;
  close(): Promise<void>;
}

/**
 * Start a monitor, and say where it is.
 *
 * @param folder where channels are kept when the settings do not say.
 * @param source feeds channels of its own.
 * @throws {MonitorError}
 */
export async function startMonitor(
  { settings, warnings }: FoundSettings,
  folder: string,
  terminal: Terminal,
  source?: ChannelSource,
): Promise<StartedMonitor> {
  tellWarnings({ warnings }, terminal);
  // First: while another monitor has the folder, the log is its log.
  const kept = await keptIn(settings, folder);
  const log = await openLog(settings).catch(async (error: unknown) => {
    await kept.folder?.close();
    throw error;
  });
  try {
    for (const line of ["-".repeat(30), `Farhand monitor ${programVersion()}`, "-".repeat(30)]) log.critical(line);
    for (const warning of warnings) log.warn(warning);
    if (kept.warning !== undefined) {
      terminal.say(`farhand: ${kept.warning}`);
      log.warn(kept.warning);
    }
    const monitor = await openMonitor(settings, { folder: kept.folder, log, source });
    const place = tellPlaces(monitor, settings, log, terminal);
    const close = async (): Promise<void> => {
      log.warn("the monitor stops");
      await monitor.close().finally(() => log.close());
    };
    return { place, exitOrdered: monitor.exitOrdered, fed: monitor.fed, close };
  } catch (error) {
    log.critical(errorText(error));
    log.close();
    throw error;
  }
}

function tellWarnings({ warnings }: Pick<FoundSettings, "warnings">, terminal: Terminal): void {
  for (const warning of warnings) terminal.say(`farhand: ${warning}`);
}

async function openLog({ logger }: MonitorSettings): Promise<MonitorLog> {
  const { file, level, "max-size": maxSize, rotations } = logger;
  return openLogFile({ file, level, maxSize, rotations });
}

/** Where channels are kept, which nobody else has; without a folder in memory, with why where that is not asked for. */
interface KeptIn {
  readonly folder: ChannelFolder | undefined;
  readonly warning?: string;
}

/** A folder that nobody named and that cannot be used is no reason not to start: the original keeps nothing at all. */
async function keptIn({ storage }: MonitorSettings, standard: string): Promise<KeptIn> {
  if (storage.folder === false) return { folder: undefined };
  if (storage.folder !== undefined) return { folder: await ChannelFolder.open(storage.folder) };
  try {
    return { folder: await ChannelFolder.open(standard) };
  } catch (error) {
    if (!(error instanceof MonitorError) || error.code !== "MONITOR_STORAGE_FAILED") throw error;
    const warning = `channels are kept in memory only, and a restart loses them: ${errorText(error)}`;
    return { folder: undefined, warning };
  }
}

/** systemd's `StateDirectory=` when there is one. */
function defaultFolder({ env }: Terminal): string {
  const [given] = (env["STATE_DIRECTORY"] ?? "").split(":");
  return join(given || defaultPlaces(env).state, "monitor");
}

function tellPlaces(monitor: Monitor, settings: MonitorSettings, log: MonitorLog, terminal: Terminal): string {
  const viewers = `ws://${settings.websocket_uri[0]}:${monitor.webSocketPort}`;
  const senders = `tcp://${settings.zeromq_uri[0]}:${monitor.zeroMqPort}`;
  const place = `viewers at ${viewers}, senders at ${senders}`;
  const again = monitor.recovered > 0 ? [`${monitor.recovered} channels of before are there again`] : [];
  for (const line of [place, ...again]) {
    log.info(line);
    terminal.print(line);
  }
  return place;
}

async function fired(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

/** `farhand monitor token`. */
export async function printChannelToken(
  channel: string,
  config: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const { settings } = await readSettingsFile(config);
  const file = settings.access["secret-file"];
  if (file === undefined)
    throw new CliError("USAGE", "the monitor asks for no tokens: `access.secret-file` is not set", {
      remedy: "-c FILE with the configuration of the monitor",
    });
  terminal.print(channelToken(await readChannelSecret(file), channel));
}
