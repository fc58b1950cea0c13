import type { ExactJson, WritableJson } from "./exact-json.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";

/**
 * What a Farhand node tells its neighbours inside its routing updates, under the key `Farhand`. Receptor nodes skip it.
 */
export interface FarhandHello {
  /** Version of the extensions, 1 or more. */
  readonly version: number;
  /** The node hangs off one hub and wants no flooding (design §4.2). */
  readonly stub: boolean;
  /** The node takes stubs. */
  readonly hub: boolean;
  /** The node takes messages of direct streams. */
  readonly direct: boolean;
  /**
   * The node answers QUIC itself. Absent: false. Then a hub answers for its stub, and neighbours open direct streams;
   * nobody reaches the node with TLS.
   */
  readonly quic?: boolean | undefined;
  /** Some road of the node loses messages, as UDP does, so that long ones seldom pass. Absent: false. */
  readonly lossy?: boolean | undefined;
  /** Longest message the node takes on any road, bytes; undefined: no more than Receptor. */
  readonly maxMessage?: number | undefined;
}

const fields = fieldNames("Version", "Stub", "Hub", "Direct", "Quic", "Lossy", "MaxMessage");

/** The hello under the key `Farhand`, or undefined: whoever malforms it is treated as a Receptor node. */
export function decodeFarhandHello(value: ExactJson | undefined): FarhandHello | undefined {
  if (!(value instanceof Map)) return undefined;
  try {
    return helloOf(new JsonFields(value, fields));
  } catch {
    return undefined;
  }
}

function helloOf(
  read: JsonFields<"Version" | "Stub" | "Hub" | "Direct" | "Quic" | "Lossy" | "MaxMessage">,
): FarhandHello | undefined {
  const version = read.any("Version");
  const maxMessage = read.any("MaxMessage");
  if (!isCount(version) || (maxMessage !== undefined && !isCount(maxMessage))) return undefined;
  return {
    version,
    stub: read.flag("Stub"),
    hub: read.flag("Hub"),
    direct: read.flag("Direct"),
    ...(read.flag("Quic") && { quic: true }),
    ...(read.flag("Lossy") && { lossy: true }),
    ...(maxMessage !== undefined && { maxMessage }),
  };
}

/** The value of the key `Farhand`. */
export function encodeFarhandHello({
  version,
  stub,
  hub,
  direct,
  quic,
  lossy,
  maxMessage,
}: FarhandHello): WritableJson {
  return { Version: version, Stub: stub, Hub: hub, Direct: direct, Quic: quic, Lossy: lossy, MaxMessage: maxMessage };
}

function isCount(value: ExactJson | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
