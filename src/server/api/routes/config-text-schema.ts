import { z } from "zod";
import { count, json, jsonObject, queryCount, timeMs } from "../field-schema.ts";
import { workerState } from "./workers-schema.ts";

const place = count.nullable().describe("counted from 1; null: it stands nowhere in the text");
const fault = z.object({
  path: z.string().describe("JSON pointer; empty: the text itself"),
  reason: z.string(),
  line: place,
  column: place,
});
const plainFault = z.object({ path: z.string(), reason: z.string() });

export const TextQuery = z.strictObject({ version: queryCount.optional().describe("the one in force when absent") });
export const ConfigText = z.object({
  name: z.string(),
  version: count,
  text: z.string().describe("YAML, secrets as set"),
});
export const CheckBody = z.strictObject({ text: z.string().max(300_000).describe("YAML, of which JSON is a part") });
export const Checked = z.object({
  document: jsonObject.nullable().describe("what stands in it; null: that cannot be read"),
  faults: z.array(fault),
  warnings: z.array(fault).describe("what is allowed, and should be looked at twice"),
});

const value = z.object({
  path: z.string(),
  value: json,
  source: z.string().describe("default, file, cloud:NAME@VERSION or env:NAME"),
  fixed: z.string().nullable().describe("why editing it changes nothing"),
  applies: z.enum(["live", "drain", "restart"]),
});

/** What the server wants a worker to go by, and what the worker says it does. */
export const WorkerConfiguration = z.object({
  held: z
    .object({
      config: z.string().describe("name of the server's configuration"),
      mode: z.string(),
      state: workerState,
      wanted: count.nullable().describe("version it is to go by; null: there is none"),
      first: z.boolean().describe("it has the version that is being rolled out before the others"),
      running: count.nullable().describe("version it goes by, 0: none; null: it has said nothing yet"),
      outcome: z
        .object({ version: count, outcome: z.enum(["applied", "pending", "failed"]), detail: z.string(), at: timeMs })
        .nullable(),
    })
    .nullable()
    .describe("null: nobody has named one for it"),
  told: z
    .object({
      place: z.union([
        z.object({ kind: z.literal("file"), path: z.string() }),
        z.object({ kind: z.literal("cloud"), name: z.string() }),
      ]),
      version: count.describe("0: there is none yet"),
      text: z.string(),
      state: z.enum(["good", "misconfigured", "none"]),
      faults: z.array(plainFault),
      provisional: z
        .object({ version: count, by: z.string(), until: timeMs, back: count })
        .nullable()
        .describe("an edit that returns unless it is confirmed (CAT-75)"),
      values: z.array(value),
      pending: z.array(z.object({ path: z.string(), applies: z.enum(["live", "drain", "restart"]) })),
    })
    .nullable()
    .describe("null: it could not be asked"),
  why: z.string().nullable().describe("why it could not be asked"),
});

const stage = z.object({
  stage: z.enum(["name", "connection", "key", "assertion", "role"]),
  state: z.enum(["fine", "trouble", "unknown"]),
  says: z.string(),
  cure: z.string().optional(),
  who: z.string().optional().describe("who can change it"),
});
/** The way from the server to a worker, stage by stage (CAT-103). */
export const ConnectionTest = z.object({
  stages: z.array(stage),
  failed: z.string().optional().describe("the first stage that is in trouble; absent: none is"),
  tookMs: z.number().nullable().describe("from the question to the worker's answer; null: there was none"),
});
