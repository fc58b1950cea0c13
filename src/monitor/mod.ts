/**
 * The monitor: live progress for browsers. Messages come by ZeroMQ, each belongs to a channel, channels are kept on disk and
 * replayed from any position, and go out by WebSocket, as the ReCodEx monitor does it.
 *
 * Start at {@link openMonitor}. `docs/wire/monitor.md` has the bytes, decision 18 the reasons.
 */
export type { ChannelSource, FedChannels, Opening, Standing } from "./channel/channel-source.ts";
export { MonitorError, monitorErrors } from "./errors.ts";
export { SegmentFolder as ChannelFolder } from "./journal/segment-files.ts";
export { type MonitorLog, openLogFile } from "./log-file.ts";
export type { MonitorFigures } from "./metrics-text.ts";
export { type Monitor, type MonitorOptions, openMonitor } from "./monitor.ts";
export { type FoundProgress, type ProgressLine, ProgressLines } from "./progress/progress-lines.ts";
export type { MonitorSettings } from "./settings.ts";
export { type FoundSettings, readSettingsFile } from "./settings-file.ts";
export { channelToken, readChannelSecret } from "./viewer/channel-token.ts";
export { isTimedToken, timedToken } from "./viewer/timed-token.ts";
