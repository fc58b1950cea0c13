import { MeshError } from "../../errors.ts";
import type { PendingRequest } from "./direct-request.ts";
import type { DirectStream } from "./direct-stream.ts";
import type { Opening } from "./opening.ts";

/**
 * The streams of one link by their ids. Those of the initiator are odd; each side's only grow, so an id that is unknown
 * and not above the last one belongs to a stream that is over.
 */
export class StreamTable {
  readonly #streams = new Map<number, DirectStream>();
  /** Nothing crosses on them any more, but somebody still waits to write. */
  readonly #leaving = new Set<DirectStream>();
  readonly #openings = new Map<number, Opening>();
  readonly #requests = new Map<number, PendingRequest>();
  readonly #ownParity: number;
  #lastOwn: number;
  #lastTheirs: number;
  #own = 0;

  constructor(isInitiator: boolean) {
    this.#ownParity = isInitiator ? 1 : 0;
    this.#lastOwn = isInitiator ? -1 : 0;
    this.#lastTheirs = isInitiator ? 0 : -1;
  }

  /** All there are, asked for or offered. */
  get count(): number {
    return this.#streams.size + this.#openings.size + this.#requests.size;
  }

  /** Those this side asked for. */
  get own(): number {
    return this.#own;
  }

  get streams(): Iterable<DirectStream> {
    return this.#streams.values();
  }

  /** Streams that are over for the far end and not yet here; in no count. */
  get leaving(): Iterable<DirectStream> {
    return this.#leaving;
  }

  get openings(): Iterable<Opening> {
    return this.#openings.values();
  }

  get requests(): Iterable<PendingRequest> {
    return this.#requests.values();
  }

  nextId(): number {
    return this.#lastOwn + 2;
  }

  addOpening(opening: Opening): void {
    this.#lastOwn = opening.frame.id;
    this.#openings.set(opening.frame.id, opening);
    this.#own++;
  }

  /**
   * Take an opening out, because it was answered or given up.
   *
   * @returns undefined when it was given up before.
   * @throws {MeshError} `PACKET_INVALID` when nobody asked for it.
   */
  takeOpening(id: number): Opening | undefined {
    const opening = this.#openings.get(id);
    if (opening) {
      this.#openings.delete(id);
      this.#own--;
    } else if (!this.#isOwn(id) || id > this.#lastOwn || this.#streams.has(id))
      throw new MeshError("PACKET_INVALID", `stream ${id} was not asked for`);
    return opening;
  }

  /** The neighbour uses a new id. @throws {MeshError} `PACKET_INVALID` when it is not one of its own, or not new. */
  useTheirs(id: number): void {
    if (this.#isOwn(id) || id <= this.#lastTheirs)
      throw new MeshError("PACKET_INVALID", `the neighbour opens stream ${id} out of turn`);
    this.#lastTheirs = id;
  }

  addRequest(request: PendingRequest): void {
    this.#requests.set(request.frame.id, request);
  }

  /** Take a request out; undefined when it was answered. */
  takeRequest(id: number): PendingRequest | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  add(stream: DirectStream): void {
    this.#streams.set(stream.id, stream);
    if (this.#isOwn(stream.id)) this.#own++;
  }

  addLeaving(stream: DirectStream): void {
    this.#leaving.add(stream);
  }

  remove(stream: DirectStream): void {
    this.#leaving.delete(stream);
    if (this.#streams.delete(stream.id) && this.#isOwn(stream.id)) this.#own--;
  }

  /**
   * The stream a frame is for, or undefined when it is over here and the far end has not heard of it yet.
   *
   * @throws {MeshError} `PACKET_INVALID` when it never was open.
   */
  find(id: number): DirectStream | undefined {
    const stream = this.#streams.get(id);
    if (stream) return stream;
    const last = this.#isOwn(id) ? this.#lastOwn : this.#lastTheirs;
    if (id < 1 || id > last || this.#openings.has(id) || this.#requests.has(id))
      throw new MeshError("PACKET_INVALID", `stream ${id} is not open`);
    return undefined;
  }

  #isOwn(id: number): boolean {
    return id % 2 === this.#ownParity;
  }
}
