/** What a port did: took the connection, refused it, or said nothing. */
export type PortState = "open" | "closed" | "filtered";

/** A port of a host. Those that are not open are told one by one only where few were asked for. */
export interface PortLine {
  readonly type: "port";
  readonly address: string;
  readonly port: number;
  readonly protocol: "tcp";
  readonly state: PortState;
  /** Who it is by its answers, or only by the number: then `guessed`. */
  readonly service?: {
    readonly name: string;
    readonly product?: string;
    readonly version?: string;
    readonly guessed: boolean;
  };
  /** First line it said by itself, at most 200 characters without control characters. */
  readonly banner?: string;
}

/** A host, once all of its ports are known. */
export interface HostLine {
  readonly type: "host";
  readonly address: string;
  readonly state: "up" | "down";
  readonly open: number;
  readonly closed: number;
  readonly filtered: number;
  /** Best guess first. */
  readonly systems?: readonly { readonly name: string; readonly accuracy: number }[];
}

/** How far it is. */
export interface ProgressLine {
  readonly type: "progress";
  /** 0 to 100; of nmap, of the part it is at. */
  readonly percent: number;
  readonly part: string;
}

/** Last line of a scan. */
export interface ScanSummaryLine {
  readonly type: "summary";
  readonly program: "nmap" | "connect";
  /** Addresses that were asked for, and those that were there. */
  readonly hosts: number;
  readonly up: number;
  /** Open ports of all hosts together. */
  readonly open: number;
  readonly seconds: number;
  /** False when it was stopped, or its time was over: what was not told was not looked at. */
  readonly complete: boolean;
}

/** Any line of a scan. */
export type ScanLine = PortLine | HostLine | ProgressLine | ScanSummaryLine;

/** No more ports than that: then those that are not open are told as well. */
export const fewPorts = 32;
