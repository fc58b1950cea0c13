import { readFileSync } from "node:fs";
import { errorText, type JsonObject } from "#core";
import type { ProbeKind } from "#tools/wire";
import { CliError } from "../errors.ts";

/**
 * What a target means to a probe: `HOST` for ping; `HOST:PORT` for tcp, and for tls, which has 443 without; a name for dns; a URL for
 * http, which may leave out `http://`. An IPv6 address with a port stands in brackets.
 *
 * @throws {CliError} `USAGE`.
 */
export function targetParams(kind: ProbeKind, target: string): JsonObject {
  if (kind === "ping") return { host: target };
  if (kind === "dns") return { name: target };
  if (kind === "http") return { url: /^https?:\/\//i.test(target) ? target : `http://${target}` };
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(target) ?? [];
  const host = bracketed ?? plain ?? (kind === "tls" ? target : undefined);
  if (host !== undefined && (port !== undefined || kind === "tls")) {
    return { host, ...(port !== undefined && { port: Number(port) }) };
  }
  throw new CliError("USAGE", `${target} is no HOST:PORT`, {
    remedy: "farhand probe tcp db.example.org:5432 --from '*'",
  });
}

/**
 * `NAME=VALUE` of `--param`: numbers, true and false are what they look like, and `@FILE` is that file's text.
 *
 * @throws {CliError} `USAGE`, `FILE_UNREADABLE`.
 */
export function moreParams(pairs: readonly string[] = []): JsonObject {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value = ""] = /^([A-Za-z]+)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined) throw new CliError("USAGE", `"${pair}" is no param`, { remedy: "--param NAME=VALUE" });
      if (value.startsWith("@")) return [name, textOf(value.slice(1))];
      const isPlain = /^(true|false|-?\d{1,15})$/.test(value);
      return [name, isPlain ? (JSON.parse(value) as boolean | number) : value];
    }),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError("FILE_UNREADABLE", `${file} cannot be read: ${errorText(error)}`, { cause: error });
  }
}
