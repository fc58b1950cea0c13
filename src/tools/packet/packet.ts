/** One value in a packet, and the bytes it was read from. */
export interface Field {
  readonly name: string;
  /** The value for people. What is in it came from a stranger: it has no control characters, but any other text. */
  readonly text: string;
  /** First byte, counted from the beginning of the record. */
  readonly at: number;
  /** Bytes; 0 for what follows from others. */
  readonly length: number;
  readonly fields?: readonly Field[];
}

/** The part of a packet that one protocol owns. */
export interface Layer {
  /** Short name in lower case, for programs: `ethernet`, `ipv4`, `tcp`, … */
  readonly protocol: string;
  /** The same for people, with what matters most. */
  readonly title: string;
  readonly at: number;
  /** Bytes of the header, or of all it holds when nothing was decoded behind it. */
  readonly length: number;
  readonly fields: readonly Field[];
}

/** A packet on one line: the columns of Wireshark. */
export interface PacketSummary {
  /** Seconds since 1970, with the fraction the capture has (a double keeps microseconds). */
  readonly time: number;
  /** Address of the innermost network layer; the hardware address when there is none; empty for neither. */
  readonly source: string;
  readonly destination: string;
  /** The innermost protocol that was known: `DNS`, `TLSv1.3`, `TCP`. */
  readonly protocol: string;
  /** Bytes on the wire, of which fewer may have been captured. */
  readonly length: number;
  readonly info: string;
}

/** A packet, decoded as far as its bytes go. */
export interface Packet {
  readonly summary: PacketSummary;
  /** From the outermost to the innermost. */
  readonly layers: readonly Layer[];
  /** Bytes are missing that the headers speak of: the capture has cut them off, or the packet lies. */
  readonly truncated: boolean;
}
