import type { FactorWanted, Me, Opened } from "#server/wire";
import { get, request } from "./request.ts";

/** Who is logged in. @throws {ProblemError} 401 when nobody is; FACTOR_ENROLMENT_NEEDED, FACTOR_NEEDED. */
export const readMe = (signal?: AbortSignal): Promise<Me> => get<Me>("me", signal);

/** First step: name and password. The answer may be that a code is wanted. */
export const login = (user: string, password: string): Promise<Opened | FactorWanted> =>
  request("POST", "login", { body: { user, password, browser: true } });

/** Second step: a code of the device, or a recovery code. */
export const loginFactor = (ticket: string, code: string): Promise<Opened> =>
  request("POST", "login/factor", { body: { ticket, code, browser: true } });

/** The second factor once more, for something sensitive. */
export const stepUp = (code: string): Promise<Opened> => request("POST", "login/step-up", { body: { code } });

export const logout = (): Promise<void> => request("POST", "logout");

/** Begin to set up a second factor. `password` when the login is older than ten minutes. */
export const beginFactor = (password?: string): Promise<{ readonly secret: string; readonly uri: string }> =>
  request("POST", "me/totp", { body: password === undefined ? {} : { password } });

/** Show that the device has the secret. @returns the recovery codes, shown this once. */
export const confirmFactor = (code: string): Promise<{ readonly recoveryCodes: readonly string[] }> =>
  request("POST", "me/totp/confirm", { body: { code } });

export const changePassword = (current: string, password: string): Promise<void> =>
  request("POST", "me/password", { body: { current, password } });
