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
  const costs = "bindaddr" in directive.values ? directive.values.nodecost : undefined;
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
    const { address, extraheader } = directive.values;
    if (!isWebSocketUrl(address)) {
      faults.add(
        faultOf(directive, "address", `${address} is not a WebSocket URL`, "write it like wss://host:port/path"),
      );
    }
    if (extraheader && !extraheader.includes(":")) {
      faults.add(faultOf(directive, "extraheader", "extra header must be in the form key:value"));
    }
  }
}

function isWebSocketUrl(text: string): boolean {
  return /^wss?:\/\/./i.test(text) && URL.canParse(text);
}
