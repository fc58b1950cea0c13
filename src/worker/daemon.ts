import { hostname } from "node:os";
import type { Duplex } from "node:stream";
import { type ControlCommand, type ControlListener, openControlListener } from "#control";
import { Closers, type Log, type TlsServerProfile } from "#core";
import { openUnits, type Units, workCommand } from "#work";
import { WorkerError } from "./errors.ts";
import { openLog } from "./log.ts";
import { nodeCommands } from "./node-commands.ts";
import { reloadCommand } from "./reload-command.ts";
import {
  checkFiles,
  type Directive,
  directivesOf,
  type NodeSettings,
  nodeSettings,
  refuseNotReady,
  splitHostPort,
  type Values,
} from "./settings/mod.ts";
import { version } from "./version.ts";
import { retentionOf, workTypesOf } from "./work-settings.ts";

/** A worker that runs. */
export interface Daemon {
  readonly nodeId: string;
  /** Where its control services can be reached, in the client's grammar. */
  readonly controlAddresses: readonly string[];
  readonly log: Log;
  /** Stop listening and let go of helpers; running units go on without us. */
  close(): Promise<void>;
}

export interface DaemonOptions {
  /** Files that `reload` reads again; none when the settings did not come from files. */
  readonly configFiles: readonly string[];
}

/**
 * Start a worker from its settings: units first, so that no client ever sees them half loaded.
 *
 * @throws {SettingsError | WorkerError | WorkError | ControlError | TlsProfileError} then nothing is left open.
 */
export async function startDaemon(directives: readonly Directive[], options: DaemonOptions): Promise<Daemon> {
  refuseNotReady(directives);
  await checkFiles(directives);
  const node = nodeSettings(directives, hostname());
  const log = await openLog(...logSettings(directives));
  const services = directivesOf(directives, "control-service").map(({ values }) => values);
  if (services.length === 0) {
    throw new WorkerError(
      "NOTHING_TO_DO",
      "Nothing to do - no control service is configured, so nobody could give work",
    );
  }
  const closers = new Closers();
  const listeners = new Map<string, ControlListener>();
  try {
    const units = closers.add(await openNodeUnits(directives, node, log));
    const facts = {
      nodeId: node.nodeId,
      version: node.reportVersion ?? version,
      services: services.map(({ service }) => service).filter((service) => service !== ""),
      workCommands: () => units.workTypes.list(),
      serve: (service: string) => {
        const listener = listeners.get(service);
        return listener && ((stream: Duplex) => listener.serve(stream, "mesh"));
      },
    };
    const commands = [
      ...nodeCommands(facts),
      reloadCommand(directives, options.configFiles, log),
      workCommand(units, node.nodeId),
    ];
    const controlAddresses: string[] = [];
    for (const service of services) {
      const listener = await openControlService(service, directives, node.nodeId, commands, log);
      if (!listener) continue;
      listeners.set(service.service, listener);
      controlAddresses.push(...closers.add(listener).addresses);
    }
    await openMetricsService(directives, node.nodeId, units, closers);
    log.info("Initialization complete", { node: node.nodeId, control: controlAddresses });
    return { nodeId: node.nodeId, controlAddresses, log, close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** Without a section: info. The section without a level: error (spec §5.3). */
function logSettings(directives: readonly Directive[]) {
  const { level = "info", format = "receptor" } = directivesOf(directives, "log-level")[0]?.values ?? {};
  return [level, format] as Parameters<typeof openLog>;
}

function openNodeUnits(directives: readonly Directive[], node: NodeSettings, log: Log): Promise<Units> {
  return openUnits({
    dataDir: node.dataDir,
    nodeId: node.nodeId,
    workTypes: workTypesOf(directives),
    version,
    retention: retentionOf(node),
    log,
    ...(node.helpers !== undefined && { maxHelpers: node.helpers }),
  });
}

/** A service that is only meant for the mesh has no listener of its own. */
async function openControlService(
  { filename, permissions, tcplisten, tcptls }: Values<"control-service">,
  directives: readonly Directive[],
  nodeId: string,
  commands: readonly ControlCommand[],
  log: Log,
): Promise<ControlListener | undefined> {
  if (!filename && !tcplisten) return undefined;
  const tcpTls = tcptls ? tlsServerProfile(directives, tcptls) : undefined;
  return openControlListener({ filename, permissions, tcpListen: tcplisten, tcpTls, nodeId, commands, log });
}

function tlsServerProfile(directives: readonly Directive[], name: string): TlsServerProfile | undefined {
  const values = directivesOf(directives, "tls-server").find((profile) => profile.values.name === name)?.values;
  return (
    values && {
      cert: values.cert,
      key: values.key,
      requireClientCert: values.requireclientcert,
      clientCas: values.clientcas,
      pinnedClientCert: values.pinnedclientcert,
      minTls13: values.mintls13,
    }
  );
}

async function openMetricsService(
  directives: readonly Directive[],
  nodeId: string,
  units: Units,
  closers: Closers,
): Promise<void> {
  const [service] = directivesOf(directives, "metrics-service");
  if (!service) return;
  const address = splitHostPort(service.values.listen);
  if (!address) throw new TypeError(`metrics-service: ${service.values.listen} was not checked`);
  // Loaded where it is used: a daemon without metrics starts some 10 ms sooner.
  const { openMetrics } = await import("./metrics.ts");
  const source = { nodeId, version, unitsByState: () => units.countByState(), helpers: () => units.helperPids.length };
  closers.add(await openMetrics(address.host, address.port, source));
}
