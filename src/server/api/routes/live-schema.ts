import { z } from "zod";

/** What is told besides the changes of workers, to those who ask for it. */
export const liveTopics = ["health", "units", "clock"] as const;

const watch = z
  .array(
    z.strictObject({
      channel: z.string().max(200).describe("such as pending, mesh, configurations, configuration/NAME"),
      after: z.string().max(64).optional().describe("the position that was told of it last"),
    }),
  )
  .max(20);

/** What a client of the live changes says first. */
export const LiveStart = z.strictObject({
  after: z.string().max(64).optional(),
  unitsAfter: z.string().max(64).optional().describe("of the topic units: go on behind this position"),
  topics: z.array(z.enum(liveTopics)).max(liveTopics.length).default([]),
  watch: watch.default([]).describe("channels whose changes are told"),
});
export type LiveStart = z.infer<typeof LiveStart>;

/** What it says later: all channels that it watches from now on. */
export const LiveMore = z.strictObject({ watch });
