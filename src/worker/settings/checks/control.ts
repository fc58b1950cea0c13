import { type Directive, type DirectiveOf, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";
import { isLoopback, splitHostPort } from "./address.ts";

/** Where control and metrics listen. Source: Receptor specification §1.1; metrics are Farhand's own. */
export function checkControl(directive: Directive, faults: Faults): void {
  if (directive.section === "control-service") checkControlService(directive, faults);
  if (directive.section === "metrics-service") checkMetrics(directive, faults);
}

function checkControlService(directive: DirectiveOf<"control-service">, faults: Faults): void {
  const { service, filename, tcplisten } = directive.values;
  if (!service && !filename && !tcplisten) {
    faults.add(faultOf(directive, undefined, "no listeners specified", "give filename, tcplisten or service"));
  }
  if (tcplisten && !splitHostPort(tcplisten.includes(":") ? tcplisten : `:${tcplisten}`)) {
    faults.add(faultOf(directive, "tcplisten", `${tcplisten} is neither a port nor host:port`));
  }
}

function checkMetrics(directive: DirectiveOf<"metrics-service">, faults: Faults): void {
  const { listen } = directive.values;
  const address = splitHostPort(listen);
  if (!address) faults.add(faultOf(directive, "listen", `${listen} is not host:port`, "write it like 127.0.0.1:9090"));
  else if (!isLoopback(address.host)) {
    const message = `metrics are served to this machine only, and ${listen} can be reached from others`;
    faults.add(faultOf(directive, "listen", message, "use 127.0.0.1, ::1 or localhost"));
  }
}
