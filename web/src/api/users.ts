import type { ApiToken, NewApiToken, Role, Session, User } from "#server/wire";
import { all } from "./all-parts.ts";
import { word } from "./place.ts";
import { request } from "./request.ts";

/** A user to be made. */
export interface UserWish {
  readonly name: string;
  /** null: a service account, which has tokens only. */
  readonly password: string | null;
  readonly role: Role;
  /** A worker must have these for the role to count; null: all workers. */
  readonly labels: Readonly<Record<string, string>> | null;
}

const userRoute = (id: string): string => `users/${word(id)}`;

export const readUsers = (signal: AbortSignal) => all<User>("users", signal);

export const makeUser = (wish: UserWish): Promise<User> =>
  request("POST", "users", { body: wish, headers: { "idempotency-key": crypto.randomUUID() } });

export const changeUser = (id: string, change: Partial<Pick<User, "role" | "labels" | "disabled">>): Promise<User> =>
  request("PATCH", userRoute(id), { body: change });

export const removeUser = (id: string): Promise<void> => request("DELETE", userRoute(id));

export const resetPassword = (id: string, password: string): Promise<void> =>
  request("POST", `${userRoute(id)}/password`, { body: { password } });

export const resetFactor = (id: string): Promise<void> => request("DELETE", `${userRoute(id)}/factor`);

export const endSessionsOf = (id: string): Promise<{ readonly ended: number }> =>
  request("DELETE", `${userRoute(id)}/sessions`);

export const readSessionsOf = (id: string, signal: AbortSignal) => all<Session>(`${userRoute(id)}/sessions`, signal);

export const endSessionOf = (id: string, session: string): Promise<void> =>
  request("DELETE", `${userRoute(id)}/sessions/${word(session)}`);

/** A user's tokens, without their secrets. */
export const readTokensOf = (id: string, signal: AbortSignal) => all<ApiToken>(`${userRoute(id)}/tokens`, signal);

/** A token for a service account, with its secret, which is told this once. */
export const makeTokenFor = (
  id: string,
  wish: { readonly name: string; readonly scopes: readonly string[]; readonly expiresAt: number | null },
): Promise<NewApiToken> => request("POST", `${userRoute(id)}/tokens`, { body: wish });

export const revokeTokenOf = (id: string, token: string): Promise<void> =>
  request("DELETE", `${userRoute(id)}/tokens/${word(token)}`);

export const readOwnSessions = (signal: AbortSignal) => all<Session>("me/sessions", signal);

export const endOwnSession = (id: string): Promise<void> => request("DELETE", `me/sessions/${word(id)}`);

export const readTokens = (signal: AbortSignal) => all<ApiToken>("me/tokens", signal);

/** A token of one's own, with its secret, which is told this once. */
export const makeToken = (name: string, scopes: readonly string[]): Promise<NewApiToken> =>
  request("POST", "me/tokens", { body: { name, scopes } });

export const revokeToken = (id: string): Promise<void> => request("DELETE", `me/tokens/${word(id)}`);
