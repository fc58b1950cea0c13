import { lazy, Suspense } from "react";
import type { WorkerView } from "#server/wire";
import { probeKinds } from "#tools/wire";
import { Icon, type IconName } from "../../parts/icon.tsx";
import { whyNotTool } from "../../parts/may.ts";
import { RunDialog } from "../unit/run-dialog.tsx";

const CaptureDialog = lazy(async () => ({ default: (await import("../captures/capture-dialog.tsx")).CaptureDialog }));
const TraceDialog = lazy(async () => ({ default: (await import("../paths/trace-dialog.tsx")).TraceDialog }));
const ScanDialog = lazy(async () => ({ default: (await import("../scans/scan-dialog.tsx")).ScanDialog }));

const ProbeDialog = lazy(async () => ({ default: (await import("../probes/probe-dialog.tsx")).ProbeDialog }));

/** The tools that have a page; the probes are one. */
export type ShownTool = "capture" | "traceroute" | "portscan" | "probe";

export const toolActs: readonly { readonly tool: ShownTool; readonly name: string; readonly icon: IconName }[] = [
  { tool: "capture", name: "Capture…", icon: "capture" },
  { tool: "traceroute", name: "Traceroute…", icon: "path" },
  { tool: "portscan", name: "Scan…", icon: "scan" },
  { tool: "probe", name: "Probe…", icon: "probe" },
];

/** Something that is to be run on a worker: a tool, or else a command. */
export interface RunWish {
  readonly worker: WorkerView;
  readonly tool?: ShownTool;
}

/** The dialog that asks for what is still to be known. */
export function AnyDialog({ wish, close }: { readonly wish: RunWish; readonly close: () => void }) {
  const { worker, tool } = wish;
  if (tool === undefined) return <RunDialog worker={worker} close={close} />;
  if (tool === "probe") return <ProbeWish worker={worker} close={close} />;
  const Asked = { capture: CaptureDialog, traceroute: TraceDialog, portscan: ScanDialog }[tool];
  return (
    <Suspense>
      <Asked worker={worker.name} close={close} />
    </Suspense>
  );
}

/** It begins with the first kind that the worker offers, as far as that is known. */
function ProbeWish({ worker, close }: { readonly worker: WorkerView; readonly close: () => void }) {
  const first = probeKinds.find((kind) => worker.capabilities?.includes(kind) === true);
  return (
    <Suspense>
      <ProbeDialog worker={worker.name} {...(first && { first })} close={close} />
    </Suspense>
  );
}

/** A button for each tool; one that is not allowed says why. */
export function ToolButtons({ worker, run }: { readonly worker: WorkerView; readonly run: (wish: RunWish) => void }) {
  return toolActs.map(({ tool, name, icon }) => {
    const why = whyNotTool(worker, tool);
    return (
      <button
        key={tool}
        type="button"
        className="button"
        disabled={why !== undefined}
        title={why}
        onClick={() => run({ worker, tool })}
      >
        <Icon name={icon} />
        {name}
      </button>
    );
  });
}
