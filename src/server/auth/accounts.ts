import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import {
  countUsers,
  findCredentials,
  hasOtherAdmin,
  insertUser,
  listUsers,
  updateUser,
  type User,
} from "../store/users.ts";
import type { ApiTokens } from "./api-tokens.ts";
import { checkNewPassword, type Passwords } from "./passwords.ts";
import { isRole, type Labels, type Role, roles } from "./roles.ts";
import type { Sessions } from "./sessions.ts";

/** Name of the admin that a new server begins with. */
export const firstAdminName = "admin";
const maxLabels = 32;

export interface AccountsOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly apiTokens: ApiTokens;
}

/** What a user is made from. */
export interface NewUser {
  readonly name: string;
  /** Null: a service account, which gets in with API tokens only. */
  readonly password: string | null;
  readonly role: Role;
  readonly labels: Labels | null;
}

/** As which users are known: however a name is typed, it is the same one. */
export function normalName(name: string): string {
  return name.slice(0, 256).normalize("NFKC").trim().toLowerCase();
}

/** Users, and what changes them. Whoever loses something loses what was opened with it too (CAT-67). */
export class Accounts {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /** The admin of a server that has no users yet, with a password shown this once; undefined when it has users. */
  async makeFirstAdmin(): Promise<{ readonly name: string; readonly password: string } | undefined> {
    const { store, passwords, clock } = this.#options;
    if ((await countUsers(store)) > 0) return undefined;
    const password = randomPassword();
    const hash = await passwords.hash(password);
    const user = { id: randomUUID(), name: firstAdminName, password: hash, role: "admin", labels: null, disabled: 0 };
    // Of several servers that start at once one makes it.
    const made = await insertUser(store, { ...user, created_at: clock.now() });
    return made ? { name: firstAdminName, password } : undefined;
  }

  /** @throws {ServerError} USER_EXISTS, USER_UNFIT, PASSWORD_UNFIT, LOGIN_BUSY. */
  async create(wish: NewUser, signal?: AbortSignal): Promise<User> {
    const { store, passwords, clock } = this.#options;
    const name = normalName(wish.name);
    if (!/^[\p{L}\p{N}][\p{L}\p{N}\p{M}._@+-]{0,63}$/u.test(name))
      throw unfit(
        "its name is made of letters, digits and . _ @ + -, 64 at most, and begins with one of the first two",
      );
    checkRole(wish.role, wish.labels);
    if (wish.password !== null) checkNewPassword(wish.password, name);
    const password = wish.password === null ? null : await passwords.hash(wish.password, signal);
    const labels = labelText(wish.labels);
    const row = { id: randomUUID(), name, password, role: wish.role, labels, disabled: 0, created_at: clock.now() };
    if (!(await insertUser(store, row))) throw new ServerError("USER_EXISTS", `there is a user ${name} already`);
    return await this.get(row.id);
  }

  list(): Promise<User[]> {
    return listUsers(this.#options.store);
  }

  /** @throws {ServerError} USER_NOT_FOUND. */
  async get(id: string): Promise<User> {
    const users = await findCredentials(this.#options.store, "id", id);
    if (!users) throw notFound();
    const { password: _password, totpSecret: _secret, totpLastStep: _step, ...user } = users;
    return user;
  }

  /**
   * Ends the user's sessions.
   *
   * @param butNot the session in which users change their own.
   * @throws {ServerError} USER_NOT_FOUND, PASSWORD_UNFIT, LOGIN_BUSY; USER_UNFIT for a service account.
   */
  async setPassword(id: string, password: string, butNot?: string, signal?: AbortSignal): Promise<void> {
    const { store, passwords, sessions } = this.#options;
    const user = await this.get(id);
    if (user.service) throw unfit("a service account has no password");
    checkNewPassword(password, user.name);
    if (!(await updateUser(store, id, { password: await passwords.hash(password, signal) }))) throw notFound();
    await sessions.endAll(id, "password changed", butNot);
  }

  /** Ends the user's sessions and cuts what is open. @throws {ServerError} USER_NOT_FOUND, USER_UNFIT, LAST_ADMIN. */
  async setRole(id: string, role: Role, labels: Labels | null): Promise<void> {
    checkRole(role, labels);
    if (role !== "admin" || labels !== null) await this.#checkNotLastAdmin(id);
    if (!(await updateUser(this.#options.store, id, { role, labels: labelText(labels) }))) throw notFound();
    await this.#cut(id, "role changed");
  }

  /** Nothing of the user works from now on; API tokens do again when enabled. @throws USER_NOT_FOUND, LAST_ADMIN. */
  async disable(id: string): Promise<void> {
    await this.#checkNotLastAdmin(id);
    if (!(await updateUser(this.#options.store, id, { disabled: 1 }))) throw notFound();
    await this.#cut(id, "user disabled");
  }

  /** @throws {ServerError} USER_NOT_FOUND. */
  async enable(id: string): Promise<void> {
    if (!(await updateUser(this.#options.store, id, { disabled: 0 }))) throw notFound();
  }

  async #checkNotLastAdmin(id: string): Promise<void> {
    const user = await this.get(id);
    if (user.role !== "admin" || user.labels !== null || user.disabled) return;
    if (!(await hasOtherAdmin(this.#options.store, id)))
      throw new ServerError("LAST_ADMIN", `${user.name} is the last admin; make another one first`);
  }

  async #cut(id: string, cause: "role changed" | "user disabled"): Promise<void> {
    await this.#options.sessions.endAll(id, cause);
    await this.#options.apiTokens.cut(id, cause);
  }
}

/** 100 random bits in groups that can be read out. */
function randomPassword(): string {
  const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  const letters = [...randomBytes(20)].map((byte) => alphabet[byte % alphabet.length]).join("");
  return letters.replaceAll(/.{5}(?=.)/g, "$&-");
}

function checkRole(role: string, labels: Labels | null): void {
  if (!isRole(role)) throw unfit(`its role is one of ${roles.join(", ")}`);
  const pairs = Object.entries(labels ?? {});
  const fits = pairs.every((pair) => pair.every((text) => typeof text === "string" && /^[\w./-]{1,63}$/.test(text)));
  if (!fits || pairs.length > maxLabels) throw unfit("its labels are words of 63 letters, digits and . _ / - at most");
  // It would be restricted in name only.
  if (labels !== null && pairs.length === 0) throw unfit("no labels at all restrict it to nothing; leave them out");
}

function labelText(labels: Labels | null): string | null {
  return labels === null ? null : JSON.stringify(labels);
}

const unfit = (why: string): ServerError => new ServerError("USER_UNFIT", `the user cannot be like this: ${why}`);
const notFound = (): ServerError => new ServerError("USER_NOT_FOUND", "there is no such user");
