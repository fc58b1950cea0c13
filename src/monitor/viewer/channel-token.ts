import { createHmac, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { errorText, Secret } from "#core";
import { MonitorError } from "../errors.ts";

/** Who knows the secret can make a token for any channel. */
const fewestBytes = 16;

/** The token that opens one channel: HMAC-SHA-256 of its id, base64url. */
export function channelToken(secret: Secret, channel: string): string {
  return createHmac("sha256", Buffer.from(secret.reveal(), "latin1")).update(channel).digest("base64url");
}

/** Compared in the same time whatever is wrong with it. */
export function isChannelToken(secret: Secret, channel: string, token: string | undefined): boolean {
  const right = Buffer.from(channelToken(secret, channel));
  const given = Buffer.from(token ?? "");
  return given.length === right.length && timingSafeEqual(given, right);
}

/** The secret in a file, without the line end behind it. @throws {MonitorError} `MONITOR_SECRET_UNUSABLE` */
export async function readChannelSecret(path: string): Promise<Secret> {
  let text: string;
  let mode: number;
  try {
    [text, { mode }] = await Promise.all([readFile(path, "latin1"), stat(path)]);
  } catch (error) {
    throw unusable(errorText(error), error);
  }
  if ((mode & 0o007) !== 0) throw unusable(`everybody may read ${path}: \`chmod o= ${path}\``);
  const secret = text.replace(/\r?\n$/, "");
  if (secret.length < fewestBytes) throw unusable(`${path} has fewer than ${fewestBytes} bytes`);
  return new Secret(secret);
}

function unusable(why: string, cause?: unknown): MonitorError {
  return new MonitorError("MONITOR_SECRET_UNUSABLE", `access.secret-file: ${why}`, { cause });
}
