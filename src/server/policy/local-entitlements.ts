import { mkdir, readFile } from "node:fs/promises";
import { type Clock, systemClock } from "#core";
import { type EntitlementDocument, entitlementFault, readEntitlement, workerFingerprint } from "#fleet";
import { Audit } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import { openAuthority } from "../line/certificates.ts";
import { putEntitlement, serverPlace } from "../store/entitlements.ts";
import type { Store } from "../store/store.ts";
import { parseEntitlementKeys } from "./entitlement-keys.ts";

/**
 * Whom entitlements for the server of a data folder are addressed to. A server that was never started gets the keys that make
 * it who it is, so that one can be issued for it before anybody has logged in (CAT-101).
 */
export async function serverIdIn(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return workerFingerprint((await openAuthority(dataDir)).key);
}

export interface LocalEntitlement {
  readonly store: Store;
  readonly serverId: string;
  readonly text: string;
  /** Files of public keys; none: the server itself judges the signature, when it looks. */
  readonly keyFiles: readonly string[];
  readonly clock?: Pick<Clock, "now">;
}

/**
 * Enter an entitlement over the server's database, for whoever may open that (CAT-101). A server that runs sees it within
 * seconds, and goes by it only if its own keys vouch for it.
 *
 * @throws {ServerError} ENTITLEMENT_REFUSED, SETTINGS_INVALID. @throws {FleetError} ENTITLEMENT_INVALID.
 */
export async function enterLocally(given: LocalEntitlement): Promise<EntitlementDocument> {
  const { store, serverId, keyFiles, clock = systemClock } = given;
  const text = given.text.trim();
  const read = readEntitlement(text);
  const { id, holder, notAfter, features, audience } = read.document;
  const keys = (await Promise.all(keyFiles.map((path) => readFile(path, "utf8")))).flatMap(parseEntitlementKeys);
  const wrong = audience === serverId ? undefined : `it is for the server ${audience}, and this one is ${serverId}`;
  const fault = keyFiles.length === 0 ? wrong : entitlementFault(read, { keys, audience: serverId });
  if (fault !== undefined) throw new ServerError("ENTITLEMENT_REFUSED", `the entitlement was not taken: ${fault}`);
  await new Audit(store, clock).record("server", "entitlement.enter", id, { holder, notAfter, features });
  const entered = { entered_by: "server", entered_at: clock.now(), told: "" };
  await putEntitlement(store, { place: serverPlace(id), worker_id: null, text, ...entered });
  return read.document;
}
