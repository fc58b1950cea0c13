import { useNavigate } from "@tanstack/react-router";
import { Field } from "../../parts/field.tsx";
import { textOf } from "../../parts/form.tsx";
import { placeOf } from "../tools/refusals.ts";
import { ToolDialog } from "../tools/tool-dialog.tsx";
import { numberOf, TextField } from "../tools/tool-fields.tsx";

/** Trace the path to a host, from one worker or several. */
export function TraceDialog({ worker, close }: { readonly worker?: string; readonly close: () => void }) {
  const navigate = useNavigate();
  return (
    <ToolDialog
      tool="traceroute"
      title={worker === undefined ? "Trace a path" : `Trace a path from ${worker}`}
      button="Traceroute"
      worker={worker}
      several
      paramsOf={paramsOf}
      close={close}
      started={(units) => {
        close();
        void navigate({ to: "/paths/seen", ...placeOf(units) });
      }}
    >
      {({ faultOf }) => (
        <>
          <TextField label="To" name="target" hint="An address or a name." required fault={faultOf("target")} />
          <div className="grid grid-cols-2 gap-3">
            <Field label="Packets">
              {(id) => (
                <select id={id} name="method" className="field">
                  <option value="">what the worker can</option>
                  <option value="icmp">ICMP</option>
                  <option value="udp">UDP</option>
                  <option value="tcp">TCP</option>
                </select>
              )}
            </Field>
            <TextField label="Port" name="port" pattern="[0-9]{1,5}" fault={faultOf("port")} />
            <TextField label="Hops at most" name="maxHops" pattern="[0-9]{1,2}" value="30" fault={faultOf("maxHops")} />
            <TextField
              label="Probes for each hop"
              name="probes"
              pattern="[0-9]{1,3}"
              value="3"
              fault={faultOf("probes")}
            />
          </div>
        </>
      )}
    </ToolDialog>
  );
}

function paramsOf(fields: FormData): object {
  const [method, port] = [textOf(fields, "method"), numberOf(fields, "port")];
  const [maxHops, probes] = [numberOf(fields, "maxHops"), numberOf(fields, "probes")];
  return {
    target: textOf(fields, "target").trim(),
    ...(method !== "" && { method }),
    ...(port !== undefined && { port }),
    ...(maxHops !== undefined && { maxHops }),
    ...(probes !== undefined && { probes }),
  };
}
