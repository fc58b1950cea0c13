import { Link } from "@tanstack/react-router";
import type { WorkerView } from "#server/wire";
import { Icon } from "../../../parts/icon.tsx";
import { whyNotShell } from "../../../parts/may.ts";

/** The way to a shell on a worker; one that is not allowed says why. */
export function ShellLink({ worker }: { readonly worker: WorkerView }) {
  const why = whyNotShell(worker);
  const look = (
    <>
      <Icon name="shell" />
      Shell…
    </>
  );
  if (why !== undefined)
    return (
      <button type="button" className="button" disabled title={why}>
        {look}
      </button>
    );
  return (
    <Link to="/workers/$worker/shell" params={{ worker: worker.name }} className="button">
      {look}
    </Link>
  );
}
