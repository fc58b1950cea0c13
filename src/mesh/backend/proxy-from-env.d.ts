/** The package brings no types of its own. */
declare module "proxy-from-env" {
  /** The proxy for an address, or "" for none. */
  export function getProxyForUrl(url: string): string;
}
