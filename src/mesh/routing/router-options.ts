import type { Log } from "#core";
import type { FarhandHello } from "../packet/farhand-hello.ts";
import type { Environment } from "./environment.ts";
import type { Link } from "./link.ts";

/** What a router is given. */
export interface RouterOptions {
  readonly nodeId: string;
  readonly environment: Environment;
  readonly log: Log;
  /** Hash of a node id, 16 hex digits. */
  readonly hashOf: (node: string) => string;
  /** What we tell neighbours that are Farhand nodes too. */
  readonly hello: FarhandHello;
  /** A link over which nothing came for longer is dropped. */
  readonly maxIdleMs: number;
  /** Nodes remembered at most. */
  readonly maxNodes: number;
  /** Stubs that other nodes are told of at most; the rest is known to this hub alone. */
  readonly maxAnnouncedStubs: number;
  /** Nodes that no way led to for longer are forgotten. */
  readonly forgetMs: number;
  /** Of an earlier start of this node. */
  readonly lastEpoch?: bigint | undefined;
}

/** What a router tells its node. */
export interface RouterEvents {
  /** Data, advertisements, direct streams: any message of a link that is up and is not about routing. */
  message(link: Link, message: Uint8Array): void;
  linkUp(link: Link): void;
  linkDown(link: Link): void;
  /** A node was heard of for the first time, or again after it had been forgotten. */
  nodeKnown(node: string): void;
  nodeForgotten(node: string): void;
  /** The node runs anew: what it knew of before, streams among them, is gone. */
  nodeRestarted(node: string): void;
  /** What other nodes say of their links has changed. Of our own links {@link linkUp} and {@link linkDown} tell. */
  waysMayDiffer(): void;
  /** Another node of our id was there before us (spec §3.6, step 2): this one must stop. */
  duplicate(): void;
}
