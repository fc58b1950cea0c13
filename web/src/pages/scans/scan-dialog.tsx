import { useNavigate } from "@tanstack/react-router";
import { textOf } from "../../parts/form.tsx";
import { ToolDialog } from "../tools/tool-dialog.tsx";
import { TextField } from "../tools/tool-fields.tsx";

/** Scan the ports of hosts, from a worker. */
export function ScanDialog({ worker, close }: { readonly worker?: string; readonly close: () => void }) {
  const navigate = useNavigate();
  return (
    <ToolDialog
      tool="portscan"
      title={worker === undefined ? "Scan ports" : `Scan ports from ${worker}`}
      button="Scan"
      worker={worker}
      paramsOf={paramsOf}
      close={close}
      started={({ started: [first] }) => {
        close();
        if (first) void navigate({ to: "/scans/$worker/$unit", params: first });
      }}
    >
      {({ faultOf }) => (
        <>
          <TextField
            label="Hosts"
            name="target"
            hint="Addresses, networks such as 10.0.0.0/28, names."
            required
            fault={faultOf("target")}
          />
          <TextField
            label="Ports"
            name="ports"
            hint="As 22,80,8000-8100."
            value="1-1024"
            required
            fault={faultOf("ports")}
          />
          <div className="flex flex-col gap-1">
            <label className="flex items-center gap-2">
              <input type="checkbox" name="services" /> Find out which services answer
            </label>
            <label className="flex items-center gap-2">
              <input type="checkbox" name="assumeUp" /> Look also at hosts that do not seem to be there
            </label>
          </div>
        </>
      )}
    </ToolDialog>
  );
}

function paramsOf(fields: FormData): object {
  return {
    targets: textOf(fields, "target")
      .split(/[\s,]+/)
      .filter(Boolean),
    ports: textOf(fields, "ports").trim(),
    ...(fields.has("services") && { services: true }),
    ...(fields.has("assumeUp") && { assumeUp: true }),
  };
}
