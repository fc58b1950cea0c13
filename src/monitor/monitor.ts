import { type Clock, Closers, systemClock } from "#core";
import type { ChannelSource, FedChannels } from "./channel/channel-source.ts";
import { Channels } from "./channel/channels.ts";
import { fedChannels } from "./channel/fed-channels.ts";
import { recoverChannels } from "./channel/recover.ts";
import { keepHouse } from "./house-keeping.ts";
import { intakeOf } from "./intake.ts";
import { Journal } from "./journal/journal.ts";
import { noFiles, type SegmentFolder } from "./journal/segment-files.ts";
import type { MonitorLog } from "./log-file.ts";
import { type MonitorFigures, metricsText } from "./metrics-text.ts";
import { channelRules, journalLimits, listenerSettings, routerSettings, viewerRules } from "./rules.ts";
import type { MonitorSettings } from "./settings.ts";
import { readChannelSecret } from "./viewer/channel-token.ts";
import { openViewerListener, type PlainAnswer } from "./viewer/viewer-listener.ts";
import { openRouter } from "./zmtp/router.ts";

/** A monitor that runs. */
export interface Monitor {
  readonly webSocketPort: number;
  readonly zeroMqPort: number;
  /** Channels of an earlier process that it has again. */
  readonly recovered: number;
  /** Somebody who may has ordered it to end. */
  readonly exitOrdered: Promise<void>;
  figures(): MonitorFigures;
  /** For the source of its options. */
  readonly fed: FedChannels;
  /** Viewers are told, everything is on the disk. */
  close(): Promise<void>;
}

export interface MonitorOptions {
  /** Where channels are kept, closed with the monitor; undefined is in memory only. */
  readonly folder: SegmentFolder | undefined;
  readonly log: MonitorLog;
  readonly clock?: Clock;
  /** Feeds channels of its own from this process. */
  readonly source?: ChannelSource | undefined;
}

const sweepMs = 1_000;
const tidyMs = 10_000;

/**
 * Start a monitor: storage first, then viewers, then senders, so that nothing is lost that was taken. When anything fails,
 * nothing stays.
 *
 * @throws {MonitorError}
 */
export async function openMonitor(settings: MonitorSettings, options: MonitorOptions): Promise<Monitor> {
  const { log, clock = systemClock, source } = options;
  const closers = new Closers();
  if (options.folder) closers.add(options.folder);
  try {
    const secretFile = settings.access["secret-file"];
    const secret = secretFile === undefined ? undefined : await readChannelSecret(secretFile);
    const { journal, channels, recovered } = await openChannels(settings, options.folder, log, clock, closers);
    const delivered = { messages: 0, slow: 0 };
    const read = journal.read.bind(journal);
    const house = { channels, read, rules: viewerRules(settings), delivered, secret, source, log };
    const plain: PlainAnswer = (path) => answer(path, settings, () => figures());
    const viewers = closers.add(await openViewerListener(listenerSettings(settings), house, plain, clock));
    let order = (): void => {};
    const exitOrdered = new Promise<void>((resolve) => void (order = resolve));
    const exit = settings.access["shutdown-command"] ? order : undefined;
    const take = intakeOf(channels, { isLogged: log.isDebug, exit, source }, log);
    const router = closers.add(await openRouter(routerSettings(settings), take, log));
    const figures = (): MonitorFigures => ({
      ...{ channels: channels.size, viewers: viewers.viewers, senders: router.peers, sizes: journal.sizes },
      ...{ taken: channels.counts, delivered },
    });
    closers.add(kept(channels, journal, settings.storage["sync-every"] * 1_000, log));
    return {
      ...{ webSocketPort: viewers.port, zeroMqPort: router.port, recovered, exitOrdered, figures },
      fed: fedChannels(channels, journal),
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function openChannels(
  settings: MonitorSettings,
  folder: SegmentFolder | undefined,
  log: MonitorLog,
  clock: Clock,
  closers: Closers,
) {
  const last = (await folder?.segments())?.at(-1) ?? 0;
  const journal = new Journal(folder ?? noFiles, journalLimits(settings), last + 1);
  closers.add({ close: () => journal.flush() });
  const rules = channelRules(settings);
  const channels = new Channels(journal, rules, clock, log);
  const recovered = folder ? await recoverChannels(folder, journal, channels, rules, { clock, log }) : 0;
  closers.add({ close: () => channels.settled() });
  return { journal, channels, recovered };
}

/** What is done again and again. */
function kept(channels: Channels, journal: Journal, syncMs: number, log: MonitorLog): { close(): Promise<void> } {
  const sweeping = setInterval(() => channels.sweep(), sweepMs);
  const tidy = { everyMs: tidyMs, work: () => channels.tidy() };
  const house = keepHouse([tidy, { everyMs: syncMs, work: () => journal.sync() }], log);
  return {
    close: async () => {
      clearInterval(sweeping);
      await house.close();
    },
  };
}

function answer(path: string, { access }: MonitorSettings, figures: () => MonitorFigures): ReturnType<PlainAnswer> {
  if (path === "/healthz") return { type: "application/json", text: '{"status":"ok"}\n' };
  if (path !== "/metrics" || !access.metrics) return undefined;
  return { type: "text/plain; version=0.0.4; charset=utf-8", text: metricsText(figures()) };
}
