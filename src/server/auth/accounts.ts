import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import {
  changeUser,
  countUsers,
  findCredentials,
  insertUser,
  listUsers,
  updateUser,
  type User,
  type UserChange,
} from "../store/users.ts";
import type { ApiTokens } from "./api-tokens.ts";
import type { EndingCause, Endings } from "./endings.ts";
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
  readonly endings: Endings;
}

/** What may be changed of a user; what is absent stays. */
export interface AccountChange {
  readonly role?: Role | undefined;
  readonly labels?: Labels | null | undefined;
  /** True: nothing of the user works from now on; API tokens do again when enabled. */
  readonly disabled?: boolean | undefined;
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

  /**
   * All of it at once, or nothing. Whoever loses something loses sessions and what is open.
   *
   * @throws {ServerError} USER_NOT_FOUND, USER_UNFIT, LAST_ADMIN.
   */
  async change(id: string, { role, labels, disabled }: AccountChange): Promise<void> {
    const user = await this.get(id);
    const rights = role !== undefined || labels !== undefined;
    if (rights) checkRole(role ?? user.role, labels === undefined ? user.labels : labels);
    await this.#change(id, {
      ...(role !== undefined && { role }),
      ...(labels !== undefined && { labels: labelText(labels) }),
      ...(disabled !== undefined && { disabled: disabled ? 1 : 0 }),
    });
    if (disabled || rights) await this.#cut(id, disabled ? "user disabled" : "role changed");
  }

  /** {@link change} of role and labels alone. */
  setRole(id: string, role: Role, labels: Labels | null): Promise<void> {
    return this.change(id, { role, labels });
  }

  /** {@link change} that shuts the user out. */
  disable(id: string): Promise<void> {
    return this.change(id, { disabled: true });
  }

  /** {@link change} that lets the user in again. */
  enable(id: string): Promise<void> {
    return this.change(id, { disabled: false });
  }

  /** The user is no more; the audit keeps the id. @throws {ServerError} USER_NOT_FOUND, LAST_ADMIN. */
  async remove(id: string): Promise<void> {
    const { sessions, apiTokens, endings } = this.#options;
    const [opened, tokens] = [await sessions.list(id), await apiTokens.list(id)];
    await this.#change(id, "remove");
    endings.tell("session", "user removed", opened);
    endings.tell("token", "user removed", tokens);
  }

  async #change(id: string, change: UserChange): Promise<void> {
    const became = await changeUser(this.#options.store, id, change);
    if (became === "unknown") throw notFound();
    if (became === "last admin")
      throw new ServerError("LAST_ADMIN", "this is the last admin who can log in; make another one first");
  }

  async #cut(id: string, cause: EndingCause): Promise<void> {
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
