import { decode, encode, type DecodedPacket, type StringRecordType } from "dns-packet";
import type { JsonObject } from "#core";

/** A question to a name server. */
export interface DnsQuestion {
  /** 0 to 65,535, nobody else's guess. */
  readonly id: number;
  readonly name: string;
  readonly recordType: string;
  readonly dnssec: boolean;
}

/** What a name server answered. */
export interface DnsAnswer {
  /** `NOERROR`, `NXDOMAIN`, … */
  readonly code: string;
  readonly answers: readonly { readonly type: string; readonly ttl: number; readonly data: string }[];
  /** The server has verified the signatures (AD). */
  readonly authenticated: boolean;
  readonly authoritative: boolean;
  /** It did not fit the packet: ask again over TCP. */
  readonly truncated: boolean;
}

/** Room for an answer in a packet that crosses any network whole (DNS flag day 2020). */
const udpPayloadSize = 1_232;
/** Of `DNSSEC_OK` in EDNS (RFC 3225), and of `AD` in a question: we want to know (RFC 6840 §5.7). */
const dnssecOk = 0x8000;
const recursionDesired = 0x0100;
const authenticData = 0x0020;

/** The bytes of a question, with EDNS. */
export function encodeQuestion({ id, name, recordType, dnssec }: DnsQuestion): Buffer {
  return encode({
    type: "query",
    id,
    flags: recursionDesired | (dnssec ? authenticData : 0),
    questions: [{ type: recordType as StringRecordType, class: "IN", name }],
    additionals: [
      {
        ...{ type: "OPT", name: ".", udpPayloadSize, flags: dnssec ? dnssecOk : 0, options: [] },
        ...{ extendedRcode: 0, ednsVersion: 0, flag_do: dnssec },
      },
    ],
  });
}

/** The answer to a question; undefined when the bytes are none, or that to another one. */
export function decodeAnswer(bytes: Buffer, question: DnsQuestion): DnsAnswer | undefined {
  const packet = decoded(bytes);
  if (packet?.type !== "response" || packet.id !== question.id) return undefined;
  const [asked] = packet.questions ?? [];
  const isOurs = asked?.type === question.recordType && sameName(asked.name, question.name);
  if (!isOurs && asked !== undefined) return undefined;
  return {
    code: packet.rcode,
    answers: (packet.answers ?? [])
      .filter(({ type }) => type !== "OPT")
      .slice(0, 100)
      .map(answerOf),
    authenticated: packet.flag_ad,
    authoritative: packet.flag_aa,
    truncated: packet.flag_tc,
  };
}

type Decoded = DecodedPacket & { readonly rcode: string };

function decoded(bytes: Buffer): Decoded | undefined {
  try {
    // The type of the package leaves `rcode` out.
    return decode(bytes) as Decoded;
  } catch {
    return undefined;
  }
}

function answerOf(answer: object): { type: string; ttl: number; data: string } {
  const { type, ttl, data } = answer as { type: string; ttl?: number; data?: unknown };
  return { type, ttl: ttl ?? 0, data: dataText(data).slice(0, 1_000) };
}

/** Data as in a zone file, as far as one word after the other makes it; names without their last dot. */
function dataText(data: unknown): string {
  if (data instanceof Uint8Array) return Buffer.from(data).toString("utf8");
  if (Array.isArray(data)) return data.map(dataText).join("");
  if (typeof data === "object" && data !== null)
    return Object.values(data as JsonObject)
      .map(dataText)
      .join(" ");
  return String(data);
}

function sameName(left: string, right: string): boolean {
  const plain = (name: string): string => name.replace(/\.$/, "").toLowerCase();
  return plain(left) === plain(right);
}
