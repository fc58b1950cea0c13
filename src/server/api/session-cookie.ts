/** Name of the session's cookie. */
export const sessionCookie = "farhand_session";

/** The header that sets it; an empty token takes it away. */
export function sessionCookieText(token: string, seconds: number, secure: boolean): string {
  return `${sessionCookie}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}
