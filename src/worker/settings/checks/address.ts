/** Host and port of `host:port`, `[::1]:port` or `:port`; undefined when the text is none. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 65_535) return undefined;
  return { host: inBrackets ?? plain ?? "", port: Number(digits) };
}

/** True for `host:port` and `host:service`, the latter being looked up on dialling. */
export function isAddress(text: string): boolean {
  return splitHostPort(text) !== undefined || /^[^:[\]\s]*:[a-z][a-z0-9-]*$/i.test(text);
}

/** True when only this machine can reach what listens on the host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
