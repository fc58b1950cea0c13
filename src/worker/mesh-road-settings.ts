import { readFile } from "node:fs/promises";
import { errorText } from "#core";
import type { LinkTerms, RoadSettings, TlsProfiles } from "#mesh";
import { WorkerError } from "./errors.ts";
import { type Directive, directiveText } from "./settings/mod.ts";

/** A backend section, ready to be opened. */
export interface RoadSection {
  /** Differs from that of another section when the two mean different roads. Holds what the section holds: not for logs. */
  readonly text: string;
  readonly road: RoadSettings;
  readonly terms: LinkTerms;
}

/** What sections may name. */
export interface RoadContext {
  readonly nodeId: string;
  readonly profiles: TlsProfiles;
}

/**
 * The road a section describes, or undefined when the section is about something else. A URL that stands in a file of
 * its own is read now.
 *
 * @throws {WorkerError} `SETTINGS_UNREADABLE`. @throws {MeshError} `TLS_PROFILE_UNKNOWN`.
 */
export async function roadSection(
  directive: Directive,
  { nodeId, profiles }: RoadContext,
): Promise<RoadSection | undefined> {
  const road = await roadOf(directive, nodeId, profiles);
  if (!road) return undefined;
  const text = directiveText(directive) + ("url" in road ? road.url : "");
  return { text, road, terms: termsOf(directive) };
}

async function roadOf(directive: Directive, nodeId: string, profiles: TlsProfiles): Promise<RoadSettings | undefined> {
  const server = (name: string | undefined) => (name ? profiles.server(name) : undefined);
  const client = (name: string | undefined) => (name ? profiles.client(name) : undefined);
  switch (directive.section) {
    case "tcp-listener": {
      const { port, bindaddr: bindAddress, tls } = directive.values;
      return { kind: directive.section, port, bindAddress, tls: server(tls) };
    }
    case "udp-listener": {
      const { port, bindaddr: bindAddress } = directive.values;
      return { kind: directive.section, port, bindAddress };
    }
    case "ws-listener":
    case "http-listener": {
      const { port, bindaddr: bindAddress, path, tls } = directive.values;
      return { kind: directive.section, port, bindAddress, path, tls: server(tls) };
    }
    case "tcp-peer": {
      const { address, redial, tls } = directive.values;
      return { kind: directive.section, address, redial, tls: client(tls) };
    }
    case "udp-peer": {
      const { address, redial } = directive.values;
      return { kind: directive.section, address, redial };
    }
    case "ws-peer": {
      const { address, alternates, redial, redialmax: redialMaxMs, proxy, proofkey: keyFile } = directive.values;
      const { extraheader: extraHeader, tls } = directive.values;
      const prover = keyFile === undefined ? undefined : { nodeId, keyFile };
      const dialling = { address, alternates, redial, redialMaxMs, proxy, prover };
      return { kind: directive.section, ...dialling, extraHeader, tls: client(tls) };
    }
    case "http-peer": {
      const { redial, extraheader: extraHeader, proxy, tls } = directive.values;
      const url = await urlOf(directive.values);
      return { kind: directive.section, url, redial, extraHeader, proxy, tls: client(tls) };
    }
    case "amqp-listener": {
      const { prefix, tls } = directive.values;
      return { kind: directive.section, nodeId, url: await urlOf(directive.values), prefix, tls: client(tls) };
    }
    case "amqp-peer": {
      const { prefix, hub, redial, tls } = directive.values;
      return { kind: directive.section, url: await urlOf(directive.values), prefix, hub, redial, tls: client(tls) };
    }
    default:
      return undefined;
  }
}

/** What a link may cost and who may use it. Only the list that is not given lets everybody in (spec §3.4). */
function termsOf({ values }: Directive): LinkTerms {
  return {
    cost: "cost" in values ? values.cost : 1,
    nodeCosts: "nodecost" in values ? values.nodecost : undefined,
    allowedPeers: "allowedpeers" in values ? values.allowedpeers : undefined,
    mustProveId: "provennodeid" in values && values.provennodeid,
  };
}

async function urlOf({ url, urlfile }: { url: string | undefined; urlfile: string | undefined }): Promise<string> {
  if (url || !urlfile) return url ?? "";
  try {
    return (await readFile(urlfile, "utf8")).trim();
  } catch (error) {
    throw new WorkerError("SETTINGS_UNREADABLE", `urlfile ${urlfile} cannot be read: ${errorText(error)}`);
  }
}
