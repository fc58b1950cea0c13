import type { ListenOptions } from "node:net";
import { CliError } from "../errors.ts";

/**
 * `PORT`, `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`; nothing means any free port. Without a host it is 127.0.0.1: others
 * get in only where that is said.
 *
 * @throws {CliError} `PORT_UNUSABLE`
 */
export function listenPlace(text: string | undefined): ListenOptions {
  if (text === undefined) return { host: "127.0.0.1", port: 0 };
  if (text.startsWith("unix:") && text.length > 5)
    return { path: text.slice(5), readableAll: false, writableAll: false };
  const found = /^(?:(?:\[([\d:a-f]+)\]|([^:[\]]+)):)?(\d{1,5})$/i.exec(text);
  const port = Number(found?.[3]);
  if (!found || port > 65_535)
    throw new CliError("PORT_UNUSABLE", `--listen ${text}: it is PORT, HOST:PORT or unix:PATH`, {
      remedy: "such as --listen 8080",
    });
  return { host: found[1] ?? found[2] ?? "127.0.0.1", port };
}
