import { CliError } from "../errors.ts";

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The address of a server as people write it, `farhand.example` or `https://farhand.example/farhand`.
 *
 * Without TLS only on this machine: everything that follows is secret.
 *
 * @throws {CliError} `USAGE`; the message never holds what stands before an `@`.
 */
export function parseServerUrl(text: string): URL {
  const url = parsed(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (url.username !== "" || url.password !== "") throw wrong("an address holds no user and password");
  if (url.search !== "" || url.hash !== "") throw wrong("an address ends with its path");
  if (url.protocol === "http:" && !loopback.test(url.hostname))
    throw wrong(`${url.host} would be spoken to in clear text; only a server of this machine may be`);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong(`${url.protocol}// is no way to a server`);
  url.pathname = url.pathname.replace(/(\/api)?\/*$/, "");
  return url;
}

/** As it is kept and shown: without a slash at its end. */
export function serverUrlText(url: URL): string {
  return url.href.replace(/\/$/, "");
}

function parsed(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw wrong("the address of the server is none");
  }
}

function wrong(why: string): CliError {
  return new CliError("USAGE", why, { remedy: "write https://HOST, or https://HOST:PORT/PATH" });
}
