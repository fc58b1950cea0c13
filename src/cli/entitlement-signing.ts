import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type EntitlementDocument, readEntitlement, signEntitlement, workerFingerprint } from "#fleet";
import { systemCode } from "#core";
import { open, readFile } from "node:fs/promises";
import type { EntitlementsSignOptions } from "./commands/entitlements-sign.ts";
import { CliError } from "./errors.ts";
import { readText } from "./files.ts";
import { oneLine } from "./quantities.ts";
import { lifeOf } from "./server/labels.ts";
import type { Terminal } from "./terminal.ts";

/** Make a pair of keys for whoever issues entitlements: the private one for its owner alone, the public one beside it. */
export async function makeIssuerKey(path: string, json: true | undefined, terminal: Terminal): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const publicPath = `${path}.pub`;
  await writeNew(path, privateKey.export({ format: "pem", type: "pkcs8" }).toString(), 0o600);
  await writeNew(publicPath, publicKey.export({ format: "pem", type: "spki" }).toString(), 0o644);
  const key = workerFingerprint(publicKey);
  if (json) return terminal.print(JSON.stringify({ key, private: path, public: publicPath }));
  terminal.print(`key ${key}`);
  terminal.say(`${path} signs and stays here; servers are given ${publicPath}: --entitlement-key ${publicPath}`);
}

/** Sign an entitlement and print it. @throws {CliError} USAGE. @throws {FleetError} ENTITLEMENT_INVALID. */
export async function signOne(keyFile: string, options: EntitlementsSignOptions, terminal: Terminal, now = Date.now()) {
  const { id, holder, server, feature = [], workersMax, from, until, life } = options;
  if (id === undefined || holder === undefined || server === undefined)
    throw new CliError("USAGE", "--id, --holder and --server are needed");
  if ((until === undefined) === (life === undefined)) throw new CliError("USAGE", "--until, or --life, says its end");
  const notBefore = from === undefined ? now : timeIn(from, "--from");
  const notAfter = until === undefined ? notBefore + lifeOf(life ?? "") : timeIn(until, "--until");
  requireWhole(feature);
  const limits = workersMax === undefined ? {} : { "workers.max": countIn(workersMax) };
  const said = { id, holder, audience: server, features: [...feature], limits, notBefore, notAfter };
  terminal.print(signEntitlement(said, await privateKeyIn(keyFile)));
}

/** Print what an entitlement says; whether it counts is for its server to say. */
export async function showOne(file: string, json: true | undefined, terminal: Terminal): Promise<void> {
  const { document } = readEntitlement(await readText(file));
  if (json) terminal.print(JSON.stringify(document));
  else for (const line of documentLines(document)) terminal.print(line);
}

/** One fact a line. */
export function documentLines({
  id,
  holder,
  audience,
  key,
  features,
  limits,
  notBefore,
  notAfter,
}: EntitlementDocument) {
  const most = limits["workers.max"];
  return [
    `id         ${id}`,
    `holder     ${oneLine(holder)}`,
    `server     ${audience}`,
    `signed by  ${key}`,
    `features   ${features.join(", ") || "none"}`,
    `workers    ${most === undefined ? "any number" : `at most ${most}`}`,
    `from       ${new Date(notBefore).toISOString()}`,
    `until      ${new Date(notAfter).toISOString()}`,
  ];
}

/** Operating rests on looking on, and configuring on operating: who gets the one alone has nothing. */
function requireWhole(features: readonly string[]): void {
  const rests = [["remote.configure", "remote.operate"]] as const;
  for (const [feature, ground] of rests)
    if (features.includes(feature) && !features.includes(ground))
      throw new CliError("USAGE", `${feature} rests on ${ground}, which is not given`, {
        remedy: `--feature ${ground}`,
      });
}

async function privateKeyIn(file: string): Promise<KeyObject> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new CliError("USAGE", `the key ${file} cannot be read (${systemCode(error) ?? "?"})`, { cause: error });
  });
  try {
    const key = createPrivateKey(text);
    createPublicKey(key);
    return key;
  } catch (error) {
    throw new CliError("USAGE", `${file} holds no private key`, { cause: error });
  }
}

/** What is there already is somebody's key, and never written over. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await using file = await open(path, "wx", mode);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    throw new CliError("USAGE", `${path} cannot be written (${systemCode(error) ?? "?"})`, { cause: error });
  }
}

function timeIn(text: string, option: string): number {
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new CliError("USAGE", `${option} ${text} is no time`, { remedy: "2027-01-31, or 2027-01-31T12:00:00Z" });
}

function countIn(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new CliError("USAGE", `--workers-max ${text} is no number`);
}
