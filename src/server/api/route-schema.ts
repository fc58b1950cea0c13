import type { z } from "zod";

/** What comes in and goes out at a route. What is not declared of an answer is not sent. */
export interface RouteSchema {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
}

/** What a handler gets of one part of a request; undefined where nothing is declared. */
export type Given<S extends RouteSchema, K extends keyof RouteSchema> = S[K] extends z.ZodType
  ? z.output<S[K]>
  : undefined;

/** What a handler answers with. */
export type Answered<S extends RouteSchema> = S["answer"] extends z.ZodType ? z.input<S["answer"]> : undefined;
