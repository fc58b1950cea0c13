import type { TakenCounts } from "./channel/counts.ts";
import type { Delivered } from "./viewer/viewer.ts";

/** How a monitor stands. */
export interface MonitorFigures {
  readonly channels: number;
  readonly viewers: number;
  readonly senders: number;
  /** Bytes: of messages that channels have, of the disk they take, of memory for the last of them. */
  readonly sizes: { readonly live: number; readonly total: number; readonly memory: number };
  readonly taken: Readonly<TakenCounts>;
  readonly delivered: Readonly<Delivered>;
}

/** The figures in the text form of Prometheus. */
export function metricsText({ channels, viewers, senders, sizes, taken, delivered }: MonitorFigures): string {
  const rows: readonly [name: string, kind: "gauge" | "counter", help: string, value: number][] = [
    ["channels", "gauge", "Channels that are kept", channels],
    ["viewers", "gauge", "Open WebSockets", viewers],
    ["senders", "gauge", "Connected senders", senders],
    ["message_bytes", "gauge", "Bytes of the messages that are kept", sizes.live],
    ["storage_bytes", "gauge", "Bytes of all segments", sizes.total],
    ["memory_bytes", "gauge", "Bytes of segments in memory", sizes.memory],
    ["messages_taken_total", "counter", "Messages that became part of a channel", taken.taken],
    ["messages_late_total", "counter", "Messages that came after the end of their channel", taken.late],
    ["messages_refused_total", "counter", "Messages for which there was no room", taken.refused],
    ["messages_skipped_total", "counter", "Messages of a shape that means nothing", taken.skipped],
    ["channels_dropped_total", "counter", "Channels that were given up", taken.dropped],
    ["messages_delivered_total", "counter", "Messages given to viewers", delivered.messages],
    ["viewers_slow_total", "counter", "Viewers that were cut off because they were slow", delivered.slow],
  ];
  return rows
    .flatMap(([name, kind, help, value]) => [
      `# HELP farhand_monitor_${name} ${help}`,
      `# TYPE farhand_monitor_${name} ${kind}`,
      `farhand_monitor_${name} ${value}`,
    ])
    .join("\n")
    .concat("\n");
}
