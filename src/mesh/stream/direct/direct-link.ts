import { errorText, type Log } from "#core";
import { MeshError } from "../../errors.ts";
import type { MeshStream } from "../stream.ts";
import { type DirectRequest, PendingRequest, type RequestLink } from "./direct-request.ts";
import { DirectStream, type StreamLink, type StreamTerms } from "./direct-stream.ts";
import type { DirectOpenOptions, DirectTarget } from "./direct-streams.ts";
import {
  type AcceptFrame,
  decodeFrame,
  encodeFrame,
  type Frame,
  frameHeaderBytes,
  lastStreamId,
  type OpenFrame,
  type RefuseFrame,
  type ResetFrame,
} from "./frames.ts";
import type { DirectLimits } from "./limits.ts";
import { OpenAllowance } from "./open-allowance.ts";
import { Opening } from "./opening.ts";
import type { DirectPipe } from "./pipe.ts";
import { errorOf, normalClose, reasonOf } from "./reasons.ts";
import { WindowBudget } from "./receive-window.ts";
import { StreamTable } from "./stream-table.ts";
import { type TurnTaker, Turns } from "./turns.ts";

interface LinkOptions {
  readonly isInitiator: boolean;
  readonly accept: (request: DirectRequest) => void;
  readonly log: Log;
  readonly limits: DirectLimits;
}

/** One end of a link: what each frame means for its streams. */
export class DirectLink implements StreamLink, RequestLink {
  readonly chunkBytes: number;
  readonly farewellMs: number;
  readonly #pipe: DirectPipe;
  readonly #options: LinkOptions;
  readonly #budget: WindowBudget;
  readonly #turns: Turns;
  readonly #table: StreamTable;
  readonly #allowance: OpenAllowance;
  /** Why there are no streams any more. */
  #over: MeshError | undefined;
  #pipeIsOver = false;

  constructor(pipe: DirectPipe, options: LinkOptions) {
    this.#pipe = pipe;
    this.#options = options;
    this.chunkBytes = Math.min(options.limits.chunkBytes, pipe.maxFrameBytes - frameHeaderBytes);
    this.farewellMs = options.limits.farewellMs;
    this.#budget = new WindowBudget(options.limits);
    this.#turns = new Turns(() => this.#over === undefined && pipe.queuedBytes <= pipe.highWaterBytes);
    this.#table = new StreamTable(options.isInitiator);
    this.#allowance = new OpenAllowance(options.limits, () => performance.now());
  }

  get count(): number {
    return this.#table.count;
  }

  async open(target: DirectTarget, { signal, priority = "data" }: DirectOpenOptions): Promise<MeshStream> {
    signal?.throwIfAborted();
    if (this.#over) throw this.#over;
    const { streams } = this.#options.limits;
    if (this.#table.own >= streams)
      throw new MeshError("STREAM_REFUSED", `there are ${streams} streams on the link to this neighbour already`);
    const id = this.#table.nextId();
    const window = this.#budget.open();
    const frame: OpenFrame = { kind: "open", id, priority, window: window.size, ...target };
    const opening = new Opening(frame, window, signal, () => this.#giveUp(id));
    try {
      const bytes = encodeOpen(frame);
      this.#table.addOpening(opening);
      this.#sendBytes(bytes);
    } catch (error) {
      opening.refuse(error);
    }
    return opening.answered;
  }

  close(): void {
    const error = new MeshError("MESH_CLOSED", "the node is shutting down");
    const reason = reasonOf(error);
    for (const { frame } of this.#table.requests) this.send({ kind: "refuse", id: frame.id, ...reason });
    for (const { frame } of this.#table.openings) this.send({ kind: "reset", id: frame.id, ...reason });
    for (const { id } of this.#table.streams) this.send({ kind: "reset", id, ...reason });
    this.#end(error);
  }

  closed(cause?: Error): void {
    this.#pipeIsOver = true;
    const why = cause ? errorText(cause) : "it was closed";
    this.#end(new MeshError("STREAM_LOST", `the link to the neighbour is gone: ${why}`, { cause }));
  }

  drained(): void {
    this.#turns.run();
  }

  /** One frame of the neighbour. When it is against the rules the link is cut. */
  receive(bytes: Uint8Array): void {
    if (this.#pipeIsOver) return;
    try {
      const frame = decodeFrame(bytes);
      if (frame === undefined) return;
      if (this.#over === undefined) this.#obey(frame);
      else if (frame.kind === "open") this.refuse(frame, this.#over);
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== "PACKET_INVALID") throw error;
      this.#cut(error);
    }
  }

  accept(frame: OpenFrame): MeshStream {
    this.#table.takeRequest(frame.id);
    const { id, priority, fromNode: remoteNode, window: credit } = frame;
    const window = this.#budget.open();
    const stream = this.#addStream({ id, priority, remoteNode, remoteService: "", window, credit });
    this.send({ kind: "accept", id, window: window.size });
    return stream;
  }

  refuse({ id }: OpenFrame, error: MeshError): void {
    this.#table.takeRequest(id);
    this.send({ kind: "refuse", id, ...reasonOf(error) });
  }

  send(frame: Frame): void {
    this.#sendBytes(encodeFrame(frame));
  }

  sendData(frame: Uint8Array): void {
    this.#pipe.send(frame);
  }

  ready(stream: TurnTaker): void {
    this.#turns.add(stream);
  }

  leave(stream: DirectStream): void {
    this.#table.addLeaving(stream);
  }

  forget(stream: DirectStream): void {
    this.#turns.remove(stream);
    this.#table.remove(stream);
  }

  #obey(frame: Frame): void {
    switch (frame.kind) {
      case "open":
        return this.#offer(frame);
      case "accept":
        return this.#accepted(frame);
      case "refuse":
        return this.#refused(frame);
      case "data":
        return this.#table.find(frame.id)?.receive(frame.payload);
      case "window":
        return this.#table.find(frame.id)?.grant(frame.credit);
      case "fin":
        return this.#table.find(frame.id)?.receiveFin();
      case "reset":
        return this.#reset(frame);
    }
  }

  #offer(frame: OpenFrame): void {
    this.#table.useTheirs(frame.id);
    const refusal = this.#tooMany();
    if (refusal !== undefined) return this.refuse(frame, new MeshError("STREAM_REFUSED", refusal));
    const request = new PendingRequest(this, frame);
    this.#table.addRequest(request);
    try {
      this.#options.accept(request);
    } catch (error) {
      this.#options.log.warn(`a stream to ${frame.service} failed: ${errorText(error)}`, { from: frame.fromNode });
      request.fail(error);
    }
  }

  /** Why the neighbour gets no stream now. @throws {MeshError} `PACKET_INVALID` when it does not stop asking. */
  #tooMany(): string | undefined {
    const verdict = this.#allowance.spend();
    if (verdict === "cut") throw new MeshError("PACKET_INVALID", "the neighbour asks for streams again and again");
    if (verdict === "refuse") return "too many streams in too short a time";
    const { streams } = this.#options.limits;
    return this.#table.count - this.#table.own < streams ? undefined : `more than ${streams} streams on one link`;
  }

  #accepted({ id, window: credit }: AcceptFrame): void {
    const opening = this.#table.takeOpening(id);
    if (opening === undefined) return;
    const { priority, toNode: remoteNode, service: remoteService } = opening.frame;
    opening.accept(this.#addStream({ id, priority, remoteNode, remoteService, window: opening.window, credit }));
  }

  #refused(frame: RefuseFrame): void {
    this.#table.takeOpening(frame.id)?.refuse(errorOf(frame));
  }

  #reset(frame: ResetFrame): void {
    const request = this.#table.takeRequest(frame.id);
    if (request) request.cancel(errorOf(frame));
    else this.#table.find(frame.id)?.receiveReset(frame);
  }

  /** The caller does not want the stream any more. */
  #giveUp(id: number): void {
    this.#table.takeOpening(id);
    this.send({ kind: "reset", id, code: normalClose, text: "the dial was given up" });
  }

  #addStream(terms: StreamTerms): DirectStream {
    const stream = new DirectStream(this, terms);
    this.#table.add(stream);
    return stream;
  }

  #sendBytes(bytes: Uint8Array): void {
    if (this.#pipeIsOver) return;
    this.#pipe.send(bytes);
    if (this.#pipe.queuedBytes > this.#options.limits.unansweredBytes)
      this.#cut(new MeshError("PACKET_INVALID", "the neighbour asks for more than it takes answers for"));
  }

  #cut(error: MeshError): void {
    if (this.#pipeIsOver) return;
    this.#options.log.warn(`streams with a neighbour are cut: ${error.message}`);
    this.closed(error);
    this.#pipe.cut(error);
  }

  #end(error: MeshError): void {
    this.#over = error;
    // Each leaves the table by itself.
    for (const { frame } of this.#table.requests) this.#table.takeRequest(frame.id)?.cancel(error);
    for (const { frame } of this.#table.openings) this.#table.takeOpening(frame.id)?.refuse(error);
    for (const streams of [this.#table.streams, this.#table.leaving]) for (const stream of streams) stream.lose(error);
  }
}

/** @throws {MeshError} `STREAM_REFUSED` when it cannot be sent. */
function encodeOpen(frame: OpenFrame): Uint8Array {
  if (frame.id > lastStreamId) throw new MeshError("STREAM_REFUSED", "the link has carried all the streams it can");
  try {
    return encodeFrame(frame);
  } catch (error) {
    throw new MeshError("STREAM_REFUSED", `the stream to ${frame.service} cannot be asked for: ${errorText(error)}`);
  }
}
