import { z } from "zod";

/** What is told besides the changes of workers, to those who ask for it. */
export const liveTopics = ["health", "units"] as const;

/** What a client of the live changes says first. */
export const LiveStart = z.strictObject({
  after: z.string().max(64).optional(),
  unitsAfter: z.string().max(64).optional().describe("of the topic units: go on behind this position"),
  topics: z.array(z.enum(liveTopics)).max(liveTopics.length).default([]),
});
export type LiveStart = z.infer<typeof LiveStart>;
