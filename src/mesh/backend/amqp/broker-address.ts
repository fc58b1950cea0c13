import { errorText } from "#core";
import { MeshError } from "../../errors.ts";

/** Where a broker is. Its user and password stay in `url`, which is shown to nobody. */
export interface BrokerAddress {
  readonly url: string;
  readonly host: string;
  readonly isTls: boolean;
  /** For logs and people: `amqp://host:5672/vhost`. */
  readonly shown: string;
  /** What a library said, without what must not be read. */
  scrub(error: unknown): string;
}

/** @throws {MeshError} `DIAL_FAILED`, which does not quote it. */
export function parseBrokerAddress(url: string): BrokerAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !["amqp:", "amqps:"].includes(parsed.protocol) || parsed.hostname === "")
    throw new MeshError("DIAL_FAILED", "the address of the broker is none: give amqp://user:password@host/vhost");
  const secrets = [parsed.password, decoded(parsed.password)].filter((secret) => secret !== "");
  return {
    url,
    host: parsed.hostname.replace(/^\[|\]$/g, ""),
    isTls: parsed.protocol === "amqps:",
    shown: `${parsed.protocol}//${parsed.host}${parsed.pathname === "/" ? "" : parsed.pathname}`,
    scrub: (error) => secrets.reduce((text, secret) => text.replaceAll(secret, "***"), errorText(error)),
  };
}

/** @throws {MeshError} `DIAL_FAILED` */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MeshError("DIAL_FAILED", "the password in the broker's address is not percent-encoded as it should be");
  }
}
