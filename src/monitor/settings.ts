import { z } from "zod";
import { parseSize } from "#core";
import { plainFault } from "./plain-faults.ts";

/**
 * The keys of a monitor's configuration: the original's, with its defaults (ReCodEx specification §3), and ours. Ours are in
 * sections of their own, so that a file of the original says what it always said. A key nobody knows is told, and ignored.
 */

const port = z
  .union([z.int(), z.string().regex(/^\d{1,5}$/, "must be a port")], "the port must be a number from 0 to 65535")
  .transform(Number)
  .pipe(z.int().min(0).max(65_535));
const text = z.string().min(1);
const host = z.string("the host must be text").min(1);
const place = (example: number) => z.tuple([host, port], `must be a host and a port, as [127.0.0.1, ${example}]`);
const size = z
  .union([z.int(), z.string()], "must be a size such as 64MiB")
  .transform((value, context) => {
    const bytes = typeof value === "number" ? value : parseSize(value);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: "custom", message: "must be a size such as 64MiB" });
    return z.NEVER;
  })
  .pipe(
    z
      .int()
      .min(0)
      .max(2 ** 50),
  );
const atLeast = (least: number) => size.pipe(z.int().min(least));
const seconds = (least: number) =>
  z
    .number()
    .min(least)
    .max(10 ** 9);
const number = (least: number, most: number) => z.int().min(least).max(most);

const logger = z.object({
  file: text.default("/tmp/recodex-monitor.log").describe("where lines are logged"),
  level: z.enum(["debug", "info", "warning", "error", "critical"]).default("info").describe("the least that is logged"),
  "max-size": size.default(1_048_576).describe("bytes after which a new file is begun; 0 is never"),
  rotations: number(0, 1_000).default(3).describe("old files that are kept; with 0 no new file is begun"),
});

const storage = z.object({
  folder: z
    .union([text, z.literal(false)], "must be a path, or false")
    .optional()
    .describe("where channels are kept; false is in memory only. Without it, `monitor` in the state folder"),
  "max-size": atLeast(2 ** 20)
    .default(2 ** 30)
    .describe("of all messages; beyond that the oldest channels go"),
  memory: atLeast(2 ** 20)
    .default(2 ** 26)
    .describe("of the messages that came last, kept in memory for quick delivery"),
  "sync-every": seconds(0.1).default(1).describe("seconds between two times that the disk itself is waited for"),
});

const channels = z.object({
  max: number(1, 10_000_000).default(100_000).describe("channels at once; beyond that the oldest go"),
  "max-size": atLeast(1_024)
    .default(2 ** 26)
    .describe("of the messages of one; beyond that it takes only its end"),
  "keep-finished": seconds(300).default(300).describe("seconds a channel is kept after its end"),
  "keep-silent": seconds(60).default(86_400).describe("seconds without a message after which a channel is given up"),
  "end-after-failed": seconds(0)
    .default(30)
    .describe("seconds after a FAILED that nothing follows until FINISHED is said for it; 0 is never"),
  "end-after-aborted": seconds(0)
    .default(0)
    .describe("the same after ABORTED, which the job being tried again follows as a rule; 0 is never"),
});

const viewers = z.object({
  max: number(1, 1_000_000).default(10_000).describe("viewers at once"),
  "max-per-address": number(0, 1_000_000)
    .default(500)
    .describe("of one address, but for this machine's; 0 is any number"),
  "first-message": seconds(0.1).default(30).describe("seconds until one must have named its channel"),
  "max-lag": atLeast(65_536)
    .default(2 ** 24)
    .describe("of new messages one has not taken; one that lags further is cut off"),
  "trusted-proxies": z.array(text).default([]).describe("addresses whose X-Forwarded-For counts"),
});

const senders = z.object({
  max: number(1, 10_000).default(64).describe("senders at once"),
  "max-frame": atLeast(1_024)
    .default(2 ** 18)
    .describe("of one frame"),
  "max-message": atLeast(1_024)
    .default(2 ** 20)
    .describe("of all frames of a message"),
});

const access = z.object({
  "secret-file": text
    .optional()
    .describe("secret that tokens of channels are made with; with it every channel needs one"),
  origins: z.array(text).optional().describe("pages that may watch, as https://host; without it any"),
  metrics: z.boolean().default(false).describe("whether /metrics answers"),
  "shutdown-command": z.boolean().default(false).describe("whether `0`, `exit` from this machine ends the monitor"),
});

export const MonitorSettings = z.object({
  websocket_uri: place(4_567).default(["127.0.0.1", 4567]).describe("host and port for viewers"),
  zeromq_uri: place(7_894).default(["127.0.0.1", 7894]).describe("host (or *) and port for senders"),
  logger: logger.prefault({}),
  storage: storage.prefault({}),
  channels: channels.prefault({}),
  viewers: viewers.prefault({}),
  senders: senders.prefault({}),
  access: access.prefault({}),
});
export type MonitorSettings = z.infer<typeof MonitorSettings>;

const sections = { logger, storage, channels, viewers, senders, access };

/** Keys of a document that mean nothing, as `section.key`. */
export function unknownKeys(document: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    if (!Object.hasOwn(MonitorSettings.shape, name)) return [name];
    const section = Object.hasOwn(sections, name) ? sections[name as keyof typeof sections].shape : undefined;
    if (!section || typeof value !== "object" || value === null) return [];
    return Object.keys(value).flatMap((key) => (Object.hasOwn(section, key) ? [] : [`${name}.${key}`]));
  });
}

/** What is wrong with a document, each with its key; or what it says. */
export function readSettings(
  document: unknown,
): { readonly settings: MonitorSettings } | { readonly faults: string[] } {
  const read = MonitorSettings.safeParse(document, { error: plainFault });
  if (read.success) return { settings: read.data };
  return { faults: read.error.issues.map(({ path, message }) => `${keyOf(path)}: ${message}`) };
}

/** `websocket_uri`, `logger.level`: an address list is one thing. */
function keyOf(path: readonly PropertyKey[]): string {
  const names = path.filter((part) => typeof part === "string");
  return names.length > 0 ? names.join(".") : "the file";
}
