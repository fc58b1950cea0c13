/**
 * What a worker tells unasked on connections that last (spec CAT-15): changes of units, switches and watchers, lines of its log.
 */
import { z } from "zod";
import type { Method } from "./method.ts";

/** What there is to hear of; each comes as a JSON-RPC notification `notice.TOPIC`. */
export const noticeTopic = z.enum(["units", "switches", "watchers", "log"]);
export type NoticeTopic = z.infer<typeof noticeTopic>;

const NoticesWanted = z.strictObject({ topics: z.array(noticeTopic).max(noticeTopic.options.length) });
export type NoticesWanted = z.infer<typeof NoticesWanted>;

/** From now on this connection hears of these topics, and of no others. */
export const noticesSubscribe: Method<NoticesWanted, NoticesWanted> = {
  name: "notices.subscribe",
  params: NoticesWanted,
  result: NoticesWanted,
  level: "monitor",
  changes: false,
};
