import { type Clock, systemClock } from "#core";
import { Audit } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import { replaceRecovery } from "../store/recoveries.ts";
import type { Store } from "../store/store.ts";
import { listUsers, updateUser, type User } from "../store/users.ts";
import { firstAdminName, normalName } from "./accounts.ts";
import { newToken, tokenHash } from "./opaque-token.ts";

/** For so long the password is good, and a session that it opened lasts. */
export const recoveryLifeMs = 60 * 60_000;

/** A way back in, shown this once. */
export interface Recovery {
  readonly name: string;
  readonly password: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * A password that lets an admin in once, within an hour, without the second factor (CAT-117): for whoever may open the
 * server's database, on its machine. The server may run meanwhile. The audit says that it was made, and when it is used.
 *
 * @param wanted name of an admin; absent: the first one there is. One that was disabled is enabled.
 * @throws {ServerError} USER_NOT_FOUND, USER_UNFIT: who is named is no admin of everything.
 */
export async function recoverAdmin(
  store: Store,
  wanted: string | undefined,
  clock: Pick<Clock, "now"> = systemClock,
): Promise<Recovery> {
  const { id, name, disabled } = chosen(await listUsers(store), wanted);
  const password = newToken("recovery");
  const expiresAt = clock.now() + recoveryLifeMs;
  // First of all: what is not in the audit did not happen.
  await new Audit(store, clock).record("server", "admin.recover", id, { name, enabled: disabled, expiresAt });
  await replaceRecovery(store, { user_id: id, hash: tokenHash(password), expires_at: expiresAt });
  if (disabled) await updateUser(store, id, { disabled: 0 });
  return { name, password, expiresAt };
}

function chosen(users: readonly User[], wanted: string | undefined): User {
  const admins = users.filter(({ role, labels, service }) => role === "admin" && labels === null && !service);
  if (wanted === undefined) {
    const able = admins.filter(({ disabled }) => !disabled);
    const found = able.find(({ name }) => name === firstAdminName) ?? able[0] ?? admins[0];
    if (found) return found;
    throw new ServerError("USER_NOT_FOUND", "the database has no admin: has this server ever been started?");
  }
  const name = normalName(wanted);
  const found = admins.find((admin) => admin.name === name);
  if (found) return found;
  const names = admins.map((admin) => admin.name).join(", ");
  if (users.some((user) => user.name === name))
    throw new ServerError("USER_UNFIT", `${name} is no admin of everything; these are: ${names}`);
  throw new ServerError("USER_NOT_FOUND", `there is no user ${name}; admins are: ${names}`);
}
