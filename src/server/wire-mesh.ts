/** What the API tells of the mesh; a part of `wire.ts`. Names of nodes are those nodes' own words. */

export interface MeshNode {
  readonly node: string;
  /** `node`: one that is no worker of this server, or that the caller may not see. */
  readonly kind: "server" | "worker" | "node";
  readonly worker?: { readonly id: string; readonly name: string } | undefined;
  /** It hangs off its hub and takes no part in routing. */
  readonly stub: boolean;
  /** Over which neighbour the server reaches it; null: it is the server, or cannot be reached. */
  readonly nextHop: string | null;
}

/** A link in one direction; the other one may be told apart, at another cost. */
export interface MeshLink {
  readonly from: string;
  readonly to: string;
  readonly cost: number;
  /** By which way; of the server's own links, for admins. */
  readonly road?: string | undefined;
}

/** The mesh as the server's node knows it. */
export interface MeshMap {
  /** Node of this server. */
  readonly server: string;
  readonly nodes: readonly MeshNode[];
  readonly links: readonly MeshLink[];
  /** Nodes that the caller may not see. */
  readonly hidden: number;
}
