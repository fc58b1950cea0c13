import { isIP } from "node:net";
import { isJsonObject, type Json, type JsonObject } from "#core";
import { ServerError } from "../errors.ts";

/** What one of its workers does. */
export const quokkaTypes = ["capture", "portscan", "traceroute"] as const;
export type QuokkaType = (typeof quokkaTypes)[number];

/** A capture takes 180 s there, whatever is asked (spec §5.1). */
export const captureMs = 180_000;
/** nmap gives a host 300 s there; nobody says how long a traceroute takes. */
const resultWithinMs = 600_000;
const storedAtMost = { packets: 100_000, bytes: 64 * 1024 * 1024 };

/** What is to be done, in the words of that program, and what of its results is kept. */
export interface QuokkaCommand {
  /** Fields of `command_info` but `quokka` and `token` (spec §4.3). */
  readonly info: Readonly<Record<string, string | null>>;
  /** What it is about, for people. */
  readonly subject: string;
  /** Results are waited for so long, milliseconds. */
  readonly withinMs: number;
  readonly packets: number;
  readonly bytes: number;
}

/**
 * Params of our tools as a command for a Quokka worker, as far as that can do it: it knows a host, a protocol and a port, scans the
 * ports 1 to 1024, and traces by TCP. What it cannot is refused, not left out.
 *
 * The worker hands hosts on to other programs as they are: whatever is no plain address or name never reaches it.
 *
 * @throws {ServerError} QUOKKA_PARAMS.
 */
export function quokkaCommand(type: QuokkaType, params: Readonly<Record<string, string>>): QuokkaCommand {
  const asked = askedOf(params);
  if (type === "capture") return capture(asked);
  return type === "portscan" ? portscan(asked) : traceroute(asked);
}

function capture(asked: JsonObject): QuokkaCommand {
  onlyFields(asked, ["filter", "interface", "seconds", "packets", "bytes", "excludeOwn", "snapLength", "promiscuous"]);
  if (asked["promiscuous"] === true) throw refused("promiscuous: a Quokka worker decides that itself");
  const { host, protocol, port } = filterOf(textOf(asked, "filter") ?? "");
  // Each packet comes to us over HTTP: one that matches what brings it would never end.
  if (host === null && (protocol === null || protocol === "tcp") && asked["excludeOwn"] !== false)
    throw refused(
      "filter: this would capture its own uploads too. Name a host or another protocol, or say excludeOwn: false",
    );
  const wanted = numberOf(asked, "seconds");
  const name = textOf(asked, "interface") ?? "";
  if (!/^[\w.:-]{0,15}$/.test(name)) throw refused("interface: it is no name of one");
  return {
    info: { interface: name, ip: host, protocol, port, count: "0" },
    subject: textOf(asked, "filter") ?? "",
    withinMs: Math.min(captureMs, (wanted ?? 180) * 1_000),
    packets: Math.min(storedAtMost.packets, numberOf(asked, "packets") ?? storedAtMost.packets),
    bytes: Math.min(storedAtMost.bytes, numberOf(asked, "bytes") ?? storedAtMost.bytes),
  };
}

function portscan(asked: JsonObject): QuokkaCommand {
  onlyFields(asked, ["targets", "ports", "services", "os", "assumeUp", "timeoutMs", "program"]);
  const { targets, ports = "1-1024", program = "auto" } = asked;
  if (!Array.isArray(targets) || targets.length !== 1)
    throw refused("targets: a Quokka worker scans one host at a time");
  if (ports !== "1-1024") throw refused("ports: a Quokka worker scans 1-1024");
  if (program === "connect") throw refused("program: a Quokka worker scans with nmap");
  const target = hostOf(targets[0]);
  return once({ host_ip: target, host_name: target }, target);
}

function traceroute(asked: JsonObject): QuokkaCommand {
  onlyFields(asked, ["target", "method", "maxHops", "probes", "program", "port"]);
  if ((asked["method"] ?? "tcp") !== "tcp") throw refused("method: a Quokka worker traces by tcp");
  if ((asked["port"] ?? 80) !== 80) throw refused("port: a Quokka worker traces to port 80");
  const target = hostOf(asked["target"]);
  return once({ target }, target);
}

const once = (info: QuokkaCommand["info"], subject: string): QuokkaCommand => ({
  ...{ info, subject, withinMs: resultWithinMs, packets: 1, bytes: 16 * 1024 * 1024 },
});

/** `host 192.0.2.7 and tcp port 443`, or a beginning or part of it: all that the program can be told. */
function filterOf(filter: string) {
  const words = /^(?:host (\S{1,45}))?(?: and )?(?:(tcp|udp|icmp|icmp6|arp|ip|ip6))?(?: ?port (\d{1,5}))?$/;
  const [whole, host = null, protocol = null, port = null] = words.exec(filter.trim().replace(/\s+/g, " ")) ?? [];
  const isGood =
    whole !== undefined &&
    (host === null || isIP(host) !== 0) &&
    (port === null || (Number(port) >= 1 && Number(port) <= 65_535 && (protocol === "tcp" || protocol === "udp")));
  if (isGood) return { host, protocol, port };
  throw refused(
    "filter: a Quokka worker takes `host ADDRESS and PROTOCOL port NUMBER`, or a part of it; a port needs tcp or udp",
  );
}

function askedOf({ params = "{}", ...others }: Readonly<Record<string, string>>): JsonObject {
  const [other] = Object.keys(others);
  if (other !== undefined) throw refused(`${other}: there is no such param`);
  try {
    const asked = JSON.parse(params) as Json;
    if (isJsonObject(asked)) return asked;
  } catch {
    // It is said below.
  }
  throw refused("params: they are one JSON object");
}

function onlyFields(asked: JsonObject, known: readonly string[]): void {
  const other = Object.keys(asked).find((name) => !known.includes(name));
  if (other !== undefined) throw refused(`${other.slice(0, 50)}: there is no such param`);
}

function hostOf(value: unknown): string {
  if (
    typeof value === "string" &&
    (isIP(value) !== 0 || /^(?=.{1,253}$)[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/.test(value))
  )
    return value;
  throw refused("target: an address or the name of a host");
}

function textOf(asked: JsonObject, name: string): string | undefined {
  const value = asked[name];
  if (value === undefined || typeof value === "string") return value;
  throw refused(`${name}: it is a text`);
}

function numberOf(asked: JsonObject, name: string): number | undefined {
  const value = asked[name];
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 1))
    return value as number | undefined;
  throw refused(`${name}: it is a whole number from 1 on`);
}

const refused = (why: string): ServerError => new ServerError("QUOKKA_PARAMS", why);
