import { isIPv4, isIPv6 } from "node:net";
import { checkServiceName, MeshError } from "#mesh";
import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";
import { isAddress } from "./address.ts";

/** Addresses and networks of mesh services. Source: Receptor specification §5.4. */
export function checkService(directive: Directive, faults: Faults): void {
  if ("service" in directive.values) checkName(directive, directive.values.service, faults);
  if (directive.section === "tcp-client" || directive.section === "udp-client") {
    const { address } = directive.values;
    if (!isAddress(address)) faults.add(faultOf(directive, "address", `${address} is not host:port`));
  }
  if (directive.section === "ip-router") {
    const { localnet, routes } = directive.values;
    const [host = "", bits] = localnet.split("/");
    if (!isIPv4(host) || bits !== "30") {
      faults.add(faultOf(directive, "localnet", `${localnet} is not an IPv4 /30`, "write it like 10.1.2.0/30"));
    }
    for (const route of routes ? routes.split(",") : []) {
      if (!isNetwork(route.trim()))
        faults.add(faultOf(directive, "routes", `${route.trim()} is not a network in CIDR form`));
    }
  }
}

/** A control service without a name has none on the mesh. */
function checkName(directive: Directive, service: string, faults: Faults): void {
  if (service === "" && directive.section === "control-service") return;
  try {
    checkServiceName(service);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    faults.add(faultOf(directive, "service", error.message, "a name has 1 to 8 bytes and is neither ping nor unreach"));
  }
}

function isNetwork(text: string): boolean {
  const [, host = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  return (isIPv4(host) && Number(bits) <= 32) || (isIPv6(host) && Number(bits) <= 128);
}
