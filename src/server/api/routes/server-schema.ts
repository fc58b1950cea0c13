import { z } from "zod";
import { count } from "../field-schema.ts";

export const Hello = z.object({
  name: z.literal("farhand"),
  serviceVersion: z.string(),
  apiVersion: z.object({ major: count, minor: count }),
  features: z.array(z.string()),
});
