import type { HostLine, PortLine, ProgressLine, ScanLine, ScanSummaryLine } from "#tools/wire";

/** What is known of a scan so far. */
export interface ScanState {
  /** By address and port, in the order they were told. */
  readonly ports: ReadonlyMap<string, PortLine>;
  readonly hosts: ReadonlyMap<string, HostLine>;
  readonly progress?: ProgressLine;
  readonly summary?: ScanSummaryLine;
}

export const noScan: ScanState = { ports: new Map(), hosts: new Map() };

/** The scan with some more lines. */
export function takeScan(state: ScanState, lines: readonly object[]): ScanState {
  let { progress, summary } = state;
  const [ports, hosts] = [new Map(state.ports), new Map(state.hosts)];
  for (const line of lines as readonly ScanLine[]) {
    if (line.type === "port") ports.set(`${line.address} ${line.port}`, line);
    else if (line.type === "host") hosts.set(line.address, line);
    else if (line.type === "progress") progress = line;
    else if (line.type === "summary") summary = line;
  }
  return { ports, hosts, ...(progress && { progress }), ...(summary && { summary }) };
}

/** A service as people want it, `nginx 1.22`; what only its number says has a question mark. */
export function serviceText({ service, banner }: Pick<PortLine, "service" | "banner">): string {
  if (!service) return banner ?? "";
  const { name, product, version, guessed } = service;
  return [guessed ? `${name}?` : name, product, version, banner].filter(Boolean).join(" ");
}
