/** What each part of the monitor takes from its settings, in its own words. */
import type { ChannelRules } from "./channel/channels.ts";
import type { JournalLimits } from "./journal/journal.ts";
import type { MonitorSettings } from "./settings.ts";
import type { ViewerRules } from "./viewer/viewer.ts";
import type { ViewerListenerSettings } from "./viewer/viewer-listener.ts";
import type { RouterSettings } from "./zmtp/router.ts";

/** What brokers address a monitor by (ReCodEx specification §5). */
const identity = "recodex-monitor";
const segmentBytes = 8 * 2 ** 20;

export function journalLimits({ storage }: MonitorSettings): JournalLimits {
  return { segmentBytes, memoryBytes: storage.memory };
}

export function channelRules({ channels, storage }: MonitorSettings): ChannelRules {
  return {
    mostChannels: channels.max,
    mostBytes: storage["max-size"],
    mostChannelBytes: channels["max-size"],
    mostUnwritten: storage.memory,
    mostDeadBytes: 4 * segmentBytes,
    keepEndedMs: channels["keep-finished"] * 1_000,
    keepSilentMs: channels["keep-silent"] * 1_000,
    afterFailedMs: channels["end-after-failed"] * 1_000,
    afterAbortedMs: channels["end-after-aborted"] * 1_000,
  };
}

export function viewerRules({ viewers }: MonitorSettings): ViewerRules {
  return { socketBytes: 256 * 1024, mostLagBytes: viewers["max-lag"] };
}

export function listenerSettings({
  websocket_uri: [host, port],
  viewers,
  access,
}: MonitorSettings): ViewerListenerSettings {
  return {
    ...{ host, port, origins: access.origins, trustedProxies: viewers["trusted-proxies"] },
    seats: { most: viewers.max, mostPerAddress: viewers["max-per-address"] },
    patience: { firstMessageMs: viewers["first-message"] * 1_000, pingEveryMs: 20_000, pongWithinMs: 20_000 },
  };
}

export function routerSettings({ zeromq_uri: [host, port], senders }: MonitorSettings): RouterSettings {
  const limits = { frameBytes: senders["max-frame"], messageBytes: senders["max-message"] };
  return { host, port, identity, limits, mostPeers: senders.max, handshakeMs: 10_000 };
}
