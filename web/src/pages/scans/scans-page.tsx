import { Link } from "@tanstack/react-router";
import type { IndexedUnit } from "#server/wire";
import { askedText } from "../tools/asked.ts";
import { ToolPage } from "../tools/tool-page.tsx";
import { ScanDialog } from "./scan-dialog.tsx";

const columns = [
  { name: "Hosts", text: (unit: IndexedUnit) => askedText(unit, "targets") || unit.id },
  { name: "Ports", text: (unit: IndexedUnit) => askedText(unit, "ports") || "1-1024", room: "max-md:hidden" },
];

/** The port scans of all workers. */
export function ScansPage() {
  return (
    <ToolPage
      title="Scans"
      button="Scan…"
      tool="portscan"
      columns={columns}
      link={({ worker, id }, text) => (
        <Link to="/scans/$worker/$unit" params={{ worker: worker.name, unit: id }} className="link mono">
          {text}
        </Link>
      )}
      dialog={(close) => <ScanDialog close={close} />}
    />
  );
}
