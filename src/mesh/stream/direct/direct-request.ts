import { MeshError, type MeshErrorCode } from "../../errors.ts";
import type { MeshStream } from "../stream.ts";
import type { OpenFrame, Priority } from "./frames.ts";

/** A stream that the neighbour asks for. It waits until it is accepted or refused. */
export interface DirectRequest {
  readonly fromNode: string;
  /** This node, or one that the stream should be spliced to. */
  readonly toNode: string;
  readonly service: string;
  readonly priority: Priority;
  /** Fires when the neighbour no longer wants the stream, or is gone. */
  readonly signal: AbortSignal;
  /** The stream, from both sides' view open now. @throws the reason of {@link signal} when that has fired. */
  accept(): MeshStream;
  /** Say no, and why. Does nothing when {@link signal} has fired. */
  refuse(code: MeshErrorCode, text: string): void;
}

/** What becomes of a request on its link. */
export interface RequestLink {
  accept(frame: OpenFrame): MeshStream;
  refuse(frame: OpenFrame, error: MeshError): void;
}

/** The request of one open frame. */
export class PendingRequest implements DirectRequest {
  readonly frame: OpenFrame;
  readonly #link: RequestLink;
  #answered = false;
  /** Made when somebody asks for it: most requests are answered at once. */
  #abort: AbortController | undefined;
  #gone: MeshError | undefined;

  constructor(link: RequestLink, frame: OpenFrame) {
    this.#link = link;
    this.frame = frame;
  }

  get fromNode(): string {
    return this.frame.fromNode;
  }

  get toNode(): string {
    return this.frame.toNode;
  }

  get service(): string {
    return this.frame.service;
  }

  get priority(): Priority {
    return this.frame.priority;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#gone) this.#abort.abort(this.#gone);
    return this.#abort.signal;
  }

  accept(): MeshStream {
    this.#answer();
    if (this.#gone) throw this.#gone;
    return this.#link.accept(this.frame);
  }

  refuse(code: MeshErrorCode, text: string): void {
    this.#answer();
    if (!this.#gone) this.#link.refuse(this.frame, new MeshError(code, text));
  }

  /** The service threw: that is a refusal, unless it has answered. */
  fail(error: unknown): void {
    if (this.#answered) return;
    const refusal = error instanceof MeshError ? error : new MeshError("STREAM_REFUSED", "the service failed");
    this.refuse(refusal.code, refusal.message);
  }

  /** The neighbour does not wait for the answer any more. */
  cancel(reason: MeshError): void {
    this.#gone = reason;
    this.#abort?.abort(reason);
  }

  #answer(): void {
    if (this.#answered) throw new Error(`the request for ${this.service} was answered before`);
    this.#answered = true;
  }
}
