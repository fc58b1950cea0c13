import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Field } from "../../parts/field.tsx";
import { textOf } from "../../parts/form.tsx";
import { ToolDialog, type ToolFieldsProps } from "../tools/tool-dialog.tsx";
import { numberOf, TextField } from "../tools/tool-fields.tsx";
import { filterOf, presets } from "./filters.ts";

/** Capture packets on a worker. */
export function CaptureDialog({ worker, close }: { readonly worker?: string; readonly close: () => void }) {
  const navigate = useNavigate();
  return (
    <ToolDialog
      tool="capture"
      title={worker === undefined ? "Capture packets" : `Capture packets on ${worker}`}
      button="Capture"
      worker={worker}
      paramsOf={paramsOf}
      close={close}
      started={({ started: [first] }) => {
        close();
        if (first) void navigate({ to: "/captures/$worker/$unit", params: first });
      }}
    >
      {(props) => <CaptureFields {...props} />}
    </ToolDialog>
  );
}

function CaptureFields({ tool, interfaces, faultOf }: ToolFieldsProps) {
  const [filter, setFilter] = useState("");
  const mayHear = interfaces.filter(
    (name) => !tool || tool.interfaces.includes("any") || tool.interfaces.includes(name),
  );
  const named = Object.keys(tool?.filters.named ?? {}).map((name) => ({ name: `@${name}`, filter: `@${name}` }));
  const buttons = [...(tool?.filters.allow === "named" ? [] : presets), ...named];
  return (
    <>
      <Field label="Interface">
        {(id) => (
          <select id={id} name="interface" className="field">
            <option value="">all that may be heard</option>
            {mayHear.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Filter" hint={faultOf("filter") ?? "As tcpdump takes it; all packets when empty."}>
        {(id, hint) => (
          <>
            <input
              id={id}
              aria-describedby={hint}
              name="filter"
              className="field mono"
              spellCheck={false}
              autoComplete="off"
              value={filter}
              onChange={({ target }) => setFilter(target.value)}
            />
            <div className="flex flex-wrap gap-1.5" role="group" aria-label="Usual filters">
              {buttons.map((preset) => (
                <button
                  key={preset.name}
                  type="button"
                  className="button !min-h-7 !px-2 text-[0.92em]"
                  aria-pressed={filter === preset.filter}
                  onClick={() => setFilter(preset.filter)}
                >
                  {preset.name}
                </button>
              ))}
            </div>
          </>
        )}
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <TextField label="Host" name="host" />
        <TextField label="Port" name="port" pattern="[0-9]{1,5}" />
      </div>
      <div className="grid grid-cols-3 gap-3">
        <TextField label="Seconds" name="seconds" pattern="[0-9]{1,5}" value="60" fault={faultOf("seconds")} />
        <TextField label="Packets" name="packets" pattern="[0-9]{1,9}" fault={faultOf("packets")} />
        <TextField label="MiB" name="size" pattern="[0-9]{1,6}" />
      </div>
    </>
  );
}

function paramsOf(fields: FormData): object {
  const [name, size] = [textOf(fields, "interface"), numberOf(fields, "size")];
  const filter = filterOf(
    ...(["filter", "host", "port"].map((one) => textOf(fields, one).trim()) as [string, string, string]),
  );
  const [seconds, packets] = [numberOf(fields, "seconds"), numberOf(fields, "packets")];
  return {
    ...(filter !== "" && { filter }),
    ...(name !== "" && { interface: name }),
    ...(seconds !== undefined && { seconds }),
    ...(packets !== undefined && { packets }),
    ...(size !== undefined && { bytes: size * 1_048_576 }),
  };
}
