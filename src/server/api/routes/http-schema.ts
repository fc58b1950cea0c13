import { z } from "zod";
import { PageHead } from "#fleet";
import { WorkerParams } from "./workers-schema.ts";

const rest = z.string().describe("path at the service, with the query, as it is written");
export const ServiceParams = WorkerParams.extend({ service: z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/), "*": rest });
export const OwnPageParams = WorkerParams.extend({ "*": rest });
/** What a worker says before the bytes of its page. */
export const AnswerHead = PageHead;
export type AnswerHead = PageHead;
