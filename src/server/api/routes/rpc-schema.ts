import { z } from "zod";
import { json, jsonObject } from "../field-schema.ts";

export const RpcBody = z.strictObject({
  method: z.string().regex(/^[a-z][a-z0-9.-]{0,99}$/i),
  params: jsonObject.default({}),
});
export const RpcAnswer = z.object({ result: json });
