import { Link } from "@tanstack/react-router";
import type { IndexedUnit } from "#server/wire";
import { askedText } from "../tools/asked.ts";
import { unitName } from "../tools/unit-names.ts";
import { ToolPage } from "../tools/tool-page.tsx";
import { TraceDialog } from "./trace-dialog.tsx";

const columns = [
  { name: "To", text: (unit: IndexedUnit) => askedText(unit, "target") || unit.id },
  { name: "Packets", text: (unit: IndexedUnit) => askedText(unit, "method") || "–", room: "max-md:hidden" },
];

/** The traceroutes of all workers. */
export function PathsPage() {
  return (
    <ToolPage
      title="Paths"
      button="Traceroute…"
      tool="traceroute"
      columns={columns}
      link={({ worker, id }, text) => (
        <Link to="/paths/seen" search={{ of: [unitName({ worker: worker.name, unit: id })] }} className="link mono">
          {text}
        </Link>
      )}
      dialog={(close) => <TraceDialog close={close} />}
    />
  );
}
