import type { Duplex } from "node:stream";
import { type CallContext, faultOf, type Method, type ParamsOf, type ResultOf, rpcErrorOf, sayWords } from "#fleet";

/** A stream somebody opened: the answer comes first, then the bytes are the handler's. */
export interface OpenedStream<R> {
  readonly stream: Duplex;
  /** Say that it goes on, before any byte. */
  answer(result: R): void;
}

type StreamHandler<P, R> = (params: P, opened: OpenedStream<R>, context: CallContext) => Promise<void>;

/** A method whose call is a stream, and what runs when it is opened. */
export interface ServedStream {
  readonly method: Method<unknown, unknown>;
  run(params: unknown, opened: OpenedStream<unknown>, context: CallContext): Promise<void>;
}

/** Puts a handler behind a stream method; parameters have passed its schema. */
export function serveStream<M extends Method<unknown, unknown>>(
  method: M,
  handler: NoInfer<StreamHandler<ParamsOf<M>, ResultOf<M>>>,
): ServedStream {
  return {
    method,
    run: (params, opened, context) => handler(params as ParamsOf<M>, opened, context),
  };
}

/** Tell who opened the stream why it ends, in place of an answer. */
export function sayFault(stream: Duplex, error: unknown): void {
  if (stream.destroyed) return;
  const unforeseen = { code: "INTERNAL", message: "the stream failed in a way nobody foresaw", status: 500 };
  sayWords(stream, { error: rpcErrorOf(faultOf(error) ?? unforeseen) });
  stream.end();
}
