import type { ExactJson, ExactJsonObject } from "./exact-json.ts";
import { invalidPacket } from "./message-types.ts";
import { isNodeId, maxNodeIdBytes } from "./node-names.ts";

const maxU64 = 2n ** 64n - 1n;
/** No field we know is longer; who sends longer keys shall not make us fold them. */
const maxFoldedKey = 32;

/**
 * The known fields of an object from a peer, read as Go reads them: a key counts in any case, of several the last one,
 * `null` says nothing and what is missing has the zero value.
 *
 * Every reader throws MeshError `PACKET_INVALID` that names the field when the value is of another kind.
 */
export class JsonFields<Name extends string> {
  readonly #values = new Map<string, ExactJson>();

  /** `names`: see {@link fieldNames}. */
  constructor(value: ExactJson, names: FieldNames<Name>) {
    if (!isObject(value)) throw invalidPacket("the message is no JSON object");
    for (const [key, member] of value) {
      const name = names.get(key) ?? (key.length <= maxFoldedKey ? names.get(fold(key)) : undefined);
      if (name !== undefined && member !== null) this.#values.set(name, member);
    }
  }

  /** The value as it came; undefined when it is missing or null. */
  any(name: Name): ExactJson | undefined {
    return this.#values.get(name);
  }

  text(name: Name, maxBytes = maxNodeIdBytes): string {
    const value = this.#values.get(name) ?? "";
    if (typeof value !== "string") throw invalidPacket(`${name} is no text`);
    if (value.length > maxBytes || Buffer.byteLength(value) > maxBytes) throw invalidPacket(`${name} is too long`);
    return value;
  }

  /** A node id: see `isNodeId`. */
  nodeId(name: Name): string {
    const value = this.text(name);
    if (!isNodeId(value)) throw invalidPacket(`${name} is empty`);
    return value;
  }

  flag(name: Name): boolean {
    const value = this.#values.get(name) ?? false;
    if (typeof value !== "boolean") throw invalidPacket(`${name} is neither true nor false`);
    return value;
  }

  u64(name: Name): bigint {
    const value = this.#values.get(name) ?? 0n;
    const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
    const number = isWhole ? BigInt(value as number | bigint) : -1n;
    if (number < 0n || number > maxU64) throw invalidPacket(`${name} is no unsigned 64-bit integer`);
    return number;
  }

  /** An object; undefined when it is missing or null. */
  object(name: Name): ExactJsonObject | undefined {
    const value = this.#values.get(name);
    if (value !== undefined && !isObject(value)) throw invalidPacket(`${name} is no JSON object`);
    return value;
  }

  /** A list; undefined when it is missing or null. */
  list(name: Name): readonly ExactJson[] | undefined {
    const value = this.#values.get(name);
    if (value !== undefined && !Array.isArray(value)) throw invalidPacket(`${name} is no list`);
    return value as readonly ExactJson[] | undefined;
  }
}

/** Names of fields, found by their exact spelling or by their folded one. */
export type FieldNames<Name extends string> = ReadonlyMap<string, Name>;

/** The fields a message knows; made once for each kind of message. */
export function fieldNames<Name extends string>(...names: readonly Name[]): FieldNames<Name> {
  return new Map(
    names.flatMap((name): [string, Name][] => [
      [name, name],
      [fold(name), name],
    ]),
  );
}

/** Upper case first: Go finds `ſ` equal to `S` and the Kelvin sign to `K`. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}

function isObject(value: ExactJson): value is ExactJsonObject {
  return value instanceof Map;
}
