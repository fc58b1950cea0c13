import { getRouteApi, Link } from "@tanstack/react-router";
import type { IndexedUnit } from "#server/wire";
import { type ProbeKind, probeKinds } from "#tools/wire";
import { askedText } from "../tools/asked.ts";
import { ToolPage } from "../tools/tool-page.tsx";
import { unitName } from "../tools/unit-names.ts";
import { ProbeDialog } from "./probe-dialog.tsx";

const route = getRouteApi("/probes");

const columns = [{ name: "Target", text: (unit: IndexedUnit) => targetOf(unit) }];

function targetOf(unit: IndexedUnit): string {
  const place = [askedText(unit, "host"), askedText(unit, "port")].filter(Boolean).join(":");
  return (
    askedText(unit, "url") ||
    [askedText(unit, "name"), askedText(unit, "recordType")].filter(Boolean).join(" ") ||
    place ||
    unit.id
  );
}

/** The probes of all workers, one kind at a time. */
export function ProbesPage() {
  const { kind = "ping" } = route.useSearch();
  return (
    <ToolPage
      key={kind}
      title="Probes"
      button="Probe…"
      tool={kind}
      columns={columns}
      more={<KindChoice kind={kind} />}
      link={({ worker, id }, text) => (
        <Link to="/probes/seen" search={{ of: [unitName({ worker: worker.name, unit: id })] }} className="link mono">
          {text}
        </Link>
      )}
      dialog={(close) => <ProbeDialog first={kind} close={close} />}
    />
  );
}

function KindChoice({ kind }: { readonly kind: ProbeKind }) {
  return (
    <nav aria-label="Kinds of probes" className="mb-3 flex flex-wrap gap-1">
      {probeKinds.map((one) => (
        <Link
          key={one}
          to="/probes"
          search={{ kind: one }}
          replace
          className={`button ${one === kind ? "button-main" : ""}`}
          aria-current={one === kind ? "page" : undefined}
        >
          {one}
        </Link>
      ))}
    </nav>
  );
}
