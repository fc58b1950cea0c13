import type { JsonObject } from "#core";
import { giveableCapabilities, ownProcessStatus } from "../capabilities.ts";
import { whileRunning } from "../child-lines.ts";
import { ToolError } from "../errors.ts";
import type { ToolContext } from "../tool.ts";
import { readNmapElement } from "./nmap-xml.ts";
import type { PortscanParams } from "./params-schema.ts";
import { portsOf } from "./ports.ts";
import type { ScanTotals } from "./scan-totals.ts";
import { XmlElements } from "./xml-elements.ts";

/** Hosts nmap looks at together, and tells together: fewer are slower, more are told later. */
const hostsTogether = 4;

/** Arguments of nmap: connections only (`-sT`), so that it needs no rights; addresses only, so that it resolves nothing. */
export function nmapArguments(params: PortscanParams, addresses: readonly string[], rate: number): string[] {
  const { ports, services, os, assumeUp, timeoutMs } = params;
  return [
    ...["-oX", "-", "-n", "-sT", "-p", ports, "--stats-every", "2s", "--max-hostgroup", String(hostsTogether)],
    ...["--max-rate", String(rate), "--max-rtt-timeout", `${timeoutMs}ms`],
    ...(os ? ["--privileged", "-O"] : ["--unprivileged"]),
    ...(services ? ["-sV"] : []),
    ...(assumeUp ? ["-Pn"] : []),
    ...(addresses[0]?.includes(":") ? ["-6"] : []),
    ...["--", ...addresses],
  ];
}

/** Scan with nmap. Lines are told as nmap gets to know them, some hosts at a time. @throws {ToolError} */
export async function scanWithNmap(
  path: string,
  params: PortscanParams,
  addresses: readonly string[],
  { context, totals }: { readonly context: ToolContext; readonly totals: ScanTotals },
): Promise<void> {
  if (params.os && !giveableCapabilities(ownProcessStatus()).includes("net_raw")) {
    throw new ToolError(
      "CAPABILITY_MISSING",
      "to guess operating systems needs cap_net_raw, which this worker has not got",
    );
  }
  const asked = portsOf(params.ports)?.length ?? 0;
  const families = [addresses.filter((one) => !one.includes(":")), addresses.filter((one) => one.includes(":"))];
  for (const family of families) {
    if (family.length === 0 || context.signal.aborted) continue;
    const argv = nmapArguments(params, family, context.budget.probesPerSecond);
    const child = context.start(path, argv);
    const elements = new XmlElements();
    const decoder = new TextDecoder();
    const ended = await whileRunning(child, context.signal, async () => {
      for await (const chunk of child.stdout) {
        for (const element of elements.push(decoder.decode(chunk, { stream: true }))) {
          for (const line of readNmapElement(element, asked)) {
            totals.count(line);
            context.line(line as unknown as JsonObject);
          }
        }
      }
      return await child.ended;
    });
    if (ended.code !== 0 && !context.signal.aborted) {
      const why = ended.said.split("\n").at(-1) || `exit code ${ended.code ?? ended.signal}`;
      throw new ToolError("TOOL_FAILED", `nmap: ${why}`);
    }
  }
}
