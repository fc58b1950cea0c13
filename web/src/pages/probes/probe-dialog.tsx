import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type ProbeKind, probeKinds } from "#tools/wire";
import { Field } from "../../parts/field.tsx";
import { placeOf } from "../tools/refusals.ts";
import { ToolDialog } from "../tools/tool-dialog.tsx";
import { numberOf, TextField } from "../tools/tool-fields.tsx";
import { ProbeFields, probeParams } from "./probe-fields.tsx";

const kindNames: Readonly<Record<ProbeKind, string>> = {
  ping: "ping: does it answer",
  tcp: "tcp: does a port take a connection",
  tls: "tls: does its certificate hold",
  dns: "dns: does a name server know a name",
  http: "http: does a web page come",
};

interface ProbeDialogProps {
  readonly worker?: string;
  /** Chosen at first. */
  readonly first?: ProbeKind;
  readonly close: () => void;
}

/** Ask one worker or several whether something is up. */
export function ProbeDialog({ worker, first = "ping", close }: ProbeDialogProps) {
  const navigate = useNavigate();
  const [kind, setKind] = useState(first);
  return (
    <ToolDialog
      tool={kind}
      title={worker === undefined ? "Probe" : `Probe from ${worker}`}
      button="Probe"
      worker={worker}
      several
      paramsOf={(fields) => probeParams(kind, fields)}
      close={close}
      started={(units, fields) => {
        close();
        const quorum = numberOf(fields, "quorum");
        const { search, state } = placeOf(units);
        const wanted = quorum === undefined ? search : { ...search, quorum };
        void navigate({ to: "/probes/seen", search: wanted, state });
      }}
    >
      {({ faultOf }) => (
        <>
          <Field label="Kind">
            {(id) => (
              <select
                id={id}
                className="field"
                value={kind}
                onChange={({ target }) => setKind(target.value as ProbeKind)}
              >
                {probeKinds.map((one) => (
                  <option key={one} value={one}>
                    {kindNames[one]}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <ProbeFields key={kind} kind={kind} faultOf={faultOf} />
          <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
            <TextField
              label="Attempts"
              name="attempts"
              pattern="[0-9]{1,3}"
              hint="One that is right is up."
              fault={faultOf("attempts")}
            />
            <TextField
              label="Seconds for each"
              name="seconds"
              pattern="[0-9]{1,2}([.][0-9]+)?"
              fault={faultOf("timeoutMs")}
            />
            {worker === undefined && (
              <TextField label="Must agree" name="quorum" pattern="[1-9][0-9]{0,2}" hint="Else more than half." />
            )}
          </div>
        </>
      )}
    </ToolDialog>
  );
}
