import { highWaterBytes } from "../backend/backend.ts";
import { messageType } from "../packet/message-types.ts";
import type { Link } from "../routing/link.ts";
import { type DirectPipe, type DirectPipeEvents, headroomBytes } from "./direct/pipe.ts";

/** The part of a link that direct streams use: its messages of type `direct`. */
export class LinkPipe implements DirectPipe {
  readonly highWaterBytes = highWaterBytes;
  readonly #link: Link;
  #events: DirectPipeEvents | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  get maxFrameBytes(): number {
    return this.#link.road.maxMessageBytes - 1;
  }

  get queuedBytes(): number {
    return this.#link.road.queuedBytes;
  }

  start(events: DirectPipeEvents): void {
    this.#events = events;
  }

  /** The byte before the frame is ours: the type stands there, and nothing is copied. */
  send(frame: Uint8Array): void {
    const message = new Uint8Array(frame.buffer, frame.byteOffset - headroomBytes, frame.length + headroomBytes);
    message[0] = messageType.direct;
    this.#link.send(message);
  }

  cut(error: Error): void {
    this.#link.reject(error.message);
  }

  /** A message of type `direct` came. */
  receive(message: Uint8Array): void {
    this.#events?.frame(message.subarray(1));
  }

  drained(): void {
    this.#events?.drained();
  }

  closed(): void {
    this.#events?.closed();
  }
}
