import { z } from "zod";
import { quokkaTypes } from "../../quokka/command.ts";
import { labels, word } from "../field-schema.ts";

export const QuokkaWorkerWish = z.strictObject({
  name: word.optional().describe("what it is called here; serial and type unless said otherwise"),
  serial: z.string().min(1).max(64).describe("as the program is started with, -S"),
  type: z.enum(quokkaTypes).describe("what it does, -W"),
  host: z
    .string()
    .max(260)
    .describe("its address or name; its requests come from there, and its RabbitMQ listens there (HOST:PORT)"),
  connection: z.enum(["http", "rabbitmq"]).default("http").describe("how it gets orders, -C"),
  labels: labels.optional(),
});
export const QuokkaWorkerMade = z.object({ id: z.string(), name: z.string() });
