import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";
import { isAddress } from "./address.ts";

/** Costs and addresses of mesh connections. Source: Receptor specification §5.4. */
export function checkBackend(directive: Directive, faults: Faults): void {
  checkCosts(directive, faults);
  checkPeer(directive, faults);
}

function checkCosts(directive: Directive, faults: Faults): void {
  if (!("cost" in directive.values)) return;
  if (directive.values.cost <= 0) faults.add(faultOf(directive, "cost", "connection cost must be positive"));
  const costs = "nodecost" in directive.values ? directive.values.nodecost : undefined;
  for (const [node, cost] of Object.entries(costs ?? {})) {
    if (cost <= 0) faults.add(faultOf(directive, "nodecost", `connection cost must be positive for ${node}`));
  }
}

function checkPeer(directive: Directive, faults: Faults): void {
  if (directive.section === "tcp-peer" || directive.section === "udp-peer") {
    const { address } = directive.values;
    if (!isAddress(address)) faults.add(faultOf(directive, "address", `${address} is not host:port`));
  }
  if (directive.section === "ws-peer") {
    const { address } = directive.values;
    if (!isUrl(address, ["ws:", "wss:"])) {
      const message = `${withoutSecrets(address)} is not a WebSocket URL`;
      faults.add(faultOf(directive, "address", message, "write it like wss://host:port/path"));
    }
  }
  if (directive.section === "http-peer") {
    checkUrl(directive, ["http:", "https:"], "write it like https://host:port/path", faults);
  }
  if (directive.section === "amqp-listener" || directive.section === "amqp-peer") {
    checkUrl(directive, ["amqp:", "amqps:"], "write it like amqp://user@host:5672/vhost", faults);
  }
  const header = "extraheader" in directive.values ? directive.values.extraheader : undefined;
  if (header && !header.includes(":")) {
    faults.add(faultOf(directive, "extraheader", "extra header must be in the form key:value"));
  }
}

/** The URL stands in the section or, when it holds a password, in a file of its own. */
function checkUrl(
  directive: Directive & {
    readonly values: { readonly url: string | undefined; readonly urlfile: string | undefined };
  },
  schemes: readonly string[],
  hint: string,
  faults: Faults,
): void {
  const { section, values } = directive;
  const { url, urlfile } = values;
  if (!url === !urlfile) {
    faults.add(faultOf(directive, "url", `${section} needs either url or urlfile`, hint));
  } else if (url && !isUrl(url, schemes)) {
    faults.add(faultOf(directive, "url", `${withoutSecrets(url)} is not a URL of ${section}`, hint));
  }
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  return URL.canParse(text) && schemes.includes(new URL(text).protocol) && new URL(text).host !== "";
}

/** A fault is printed and logged: a password in the URL must not be. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//…@");
}
