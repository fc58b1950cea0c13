import { printable } from "./text.ts";
import type { Field, Layer } from "./packet.ts";

/** The bytes end before the field does. It never leaves this folder: the decoder keeps what it has, and says so. */
export class Cut extends Error {
  override readonly name = "Cut";
}

/** More fields than that of one packet help nobody, and a hostile one could have thousands. */
const maxFields = 2_000;

type Growing<T> = { -readonly [K in keyof T]: T[K] } & { fields: Growing<Field>[] };

/**
 * A packet while it is taken apart: where we are, where it ends, and what was found.
 *
 * Whatever reads moves on and leaves a field behind, so that a hex view can show which bytes it was. Numbers are in network
 * order. Reading over the end throws {@link Cut}.
 */
export class Dissection {
  readonly bytes: Uint8Array;
  readonly layers: Growing<Layer>[] = [];
  source = "";
  destination = "";
  protocol = "";
  info = "";
  /** Time to live or hop limit of the innermost IP header. */
  hopLimit = 0;
  /** The next byte to be read. */
  at = 0;
  /** Where the current layer's bytes end: behind it may be padding, or nothing. */
  end: number;
  /** Some of what the headers speak of is not here. */
  truncated: boolean;
  readonly #view: DataView;
  #fields: Growing<Field>[] = [];
  #count = 0;
  #missing = 0;

  /** `isCut`: fewer bytes were captured than were on the wire. */
  constructor(bytes: Uint8Array, isCut: boolean) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.truncated = isCut;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Begin a layer here; the one before ends. */
  layer(protocol: string, title: string): Growing<Layer> {
    this.close();
    const layer = { protocol, title, at: this.at, length: 0, fields: [] };
    this.layers.push(layer);
    this.#fields = layer.fields;
    return layer;
  }

  /** The current layer ends here. */
  close(): void {
    const layer = this.layers.at(-1);
    if (layer && layer.length === 0) layer.length = this.at - layer.at;
  }

  /** What follows is this long, as a header says. Less may be here. */
  narrow(length: number): void {
    this.#missing = Math.max(0, length - this.left);
    if (this.#missing > 0) this.truncated = true;
    else this.end = this.at + Math.max(0, length);
  }

  /** Bytes that follow by what the headers said, whether they are here or not. */
  get declared(): number {
    return this.left + this.#missing;
  }

  u8(name: string, show: (value: number) => string = String): number {
    return this.#number(name, 1, show, (at) => this.#view.getUint8(at));
  }

  u16(name: string, show: (value: number) => string = String): number {
    return this.#number(name, 2, show, (at) => this.#view.getUint16(at));
  }

  u24(name: string, show: (value: number) => string = String): number {
    return this.#number(name, 3, show, (at) => this.#view.getUint8(at) * 65_536 + this.#view.getUint16(at + 1));
  }

  u32(name: string, show: (value: number) => string = String): number {
    return this.#number(name, 4, show, (at) => this.#view.getUint32(at));
  }

  /** So many bytes as they are. The field's text is `show` of them. */
  take(name: string, length: number, show: (bytes: Uint8Array) => string): string {
    this.need(length);
    const text = show(this.bytes.subarray(this.at, this.at + length));
    this.note(name, text, this.at, length);
    this.at += length;
    return text;
  }

  /** The byte at `offset` from here, without moving on; undefined behind the end. */
  peek(offset = 0): number | undefined {
    return offset < this.left ? this.bytes[this.at + offset] : undefined;
  }

  /** @throws {Cut} unless so many bytes are left. */
  need(length: number): void {
    if (length > this.left) throw new Cut();
  }

  /** A field that is told rather than read: a few bits, or what follows from others. */
  note(name: string, text: string, at: number, length: number): void {
    if (this.#count++ < maxFields)
      this.#fields.push({ name: printable(name), text: printable(text), at, length, fields: [] });
  }

  /** What `read` finds becomes part of one field, whose text is what it gives. */
  group(name: string, read: () => string): void {
    const outer = this.#fields;
    const field = { name, text: "(truncated)", at: this.at, length: 0, fields: [] };
    if (this.#count++ < maxFields) outer.push(field);
    this.#fields = field.fields;
    try {
      field.text = printable(read());
    } finally {
      field.length = this.at - field.at;
      this.#fields = outer;
    }
  }

  /** Read something that may go on in a later packet. @returns whether all of it was here. */
  attempt(read: () => void): boolean {
    try {
      read();
      return true;
    } catch (error) {
      // Of a packet that was cut off nobody knows whether it went on.
      if (error instanceof Cut && !this.truncated) return false;
      throw error;
    }
  }

  #number(name: string, length: number, show: (value: number) => string, read: (at: number) => number): number {
    this.need(length);
    const value = read(this.at);
    this.note(name, show(value), this.at, length);
    this.at += length;
    return value;
  }
}

/** What comes behind a layer: how it was named there, and by which table. */
export type Next =
  | { readonly etherType: number }
  | { readonly ipProtocol: number }
  | { readonly over: "tcp" | "udp"; readonly ports: readonly [number, number] }
  | undefined;

/** Takes one layer apart, from its first byte to where the next begins. */
export type Dissect = (packet: Dissection) => Next;
