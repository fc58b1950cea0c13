/** How packets of a traceroute travel. */
export type TraceMethod = "icmp" | "udp" | "tcp";

/** First line of a traceroute: what is looked for, and how. */
export interface PathLine {
  readonly type: "path";
  readonly target: string;
  readonly address: string;
  readonly program: "mtr" | "traceroute";
  readonly method: TraceMethod;
  readonly port?: number;
  readonly maxHops: number;
  readonly probes: number;
}

/** What is known of a hop by now. A later line of the same hop replaces it. Times are milliseconds of the way there and back. */
export interface HopLine {
  readonly type: "hop";
  /** From 1. */
  readonly hop: number;
  /** Who answered, most recent first; empty when nobody has. */
  readonly addresses: readonly string[];
  /** Probes of which it is known what became of them. */
  readonly sent: number;
  readonly received: number;
  /** Share that was lost, 0 to 1. */
  readonly loss: number;
  readonly lastMs?: number;
  readonly bestMs?: number;
  readonly averageMs?: number;
  readonly worstMs?: number;
}

/** Last line of a traceroute. */
export interface TraceSummaryLine {
  readonly type: "summary";
  readonly program?: never;
  readonly target: string;
  readonly address: string;
  /** The target itself has answered. */
  readonly reached: boolean;
  /** Length of the path as far as anybody answered; lines of hops behind it mean nothing. */
  readonly hops: number;
  readonly seconds: number;
}

/** Any line of a traceroute. */
export type TraceLine = PathLine | HopLine | TraceSummaryLine;

/** What a worker of Quokka tells of a path instead: a picture, if it made one, and no hops. */
export type DrawnPathLine = PictureLine | DrawnSummaryLine;

export interface PictureLine {
  readonly type: "picture";
  readonly mediaType: "image/png";
  readonly base64: string;
}

/** The last line then. */
export interface DrawnSummaryLine {
  readonly type: "summary";
  readonly target: string;
  readonly program: "quokka";
  readonly method: TraceMethod;
  /** There is one. */
  readonly picture: boolean;
}
