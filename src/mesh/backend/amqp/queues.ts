import { MeshError } from "../../errors.ts";
import type { QueueBounds } from "./broker.ts";

/** The queues of a link (docs/wire/amqp-backend.md): `up` leads to the hub, `down` to the dialer. */
export interface LinkQueues {
  readonly up: string;
  readonly down: string;
}

/** Bounds of both queues of a link: what is in one at an honest end is less than two windows. */
export const linkBounds: QueueBounds = {
  "x-expires": 120_000,
  "x-max-length-bytes": 8 * 1024 * 1024,
  "x-overflow": "reject-publish",
};

/** Bounds of the queue where dialers ask for links: a request is forgotten when nobody would wait for its answer. */
export const announceBounds: QueueBounds = {
  "x-expires": 600_000,
  "x-max-length-bytes": 1024 * 1024,
  "x-overflow": "reject-publish",
  "x-message-ttl": 15_000,
};

/** Where dialers ask the hub for a link. @throws {MeshError} `DIAL_FAILED` when the names are too long for a queue. */
export function announceQueue(prefix: string, hub: string): string {
  return checked(`${prefix}.${encodeURIComponent(hub)}.announce`);
}

/** @throws {MeshError} `DIAL_FAILED` when the names are too long for a queue. */
export function linkQueues(prefix: string, hub: string, link: string): LinkQueues {
  const name = checked(`${prefix}.${encodeURIComponent(hub)}.${link}`);
  return { up: `${name}.up`, down: `${name}.down` };
}

/** A request for a link. The link's id was made by the dialer: 128 bits at random, in hex. */
export interface LinkRequest {
  readonly link: string;
}

export function encodeLinkRequest({ link }: LinkRequest): Buffer {
  return Buffer.from(JSON.stringify({ link }));
}

/** Undefined when it is none: anybody who may publish can send anything. */
export function decodeLinkRequest(body: Uint8Array): LinkRequest | undefined {
  if (body.length > 1024) return undefined;
  try {
    const value = JSON.parse(Buffer.from(body).toString()) as { readonly link?: unknown } | null;
    const link = value?.link;
    return typeof link === "string" && /^[0-9a-f]{32}$/.test(link) ? { link } : undefined;
  } catch {
    return undefined;
  }
}

/** Room is left for `.down` and the like: AMQP allows 255 bytes. */
function checked(name: string): string {
  if (Buffer.byteLength(name) <= 245) return name;
  throw new MeshError("DIAL_FAILED", `the name of the queue ${name.slice(0, 40)}… would be longer than AMQP allows`);
}
