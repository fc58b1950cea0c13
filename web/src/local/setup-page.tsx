import { useState } from "react";
import { Field } from "../parts/field.tsx";
import { Form, textOf } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { asked, type SetupFault } from "./api.ts";
import { JoiningNote } from "./joining-note.tsx";
import { useLive } from "./live.tsx";

interface Row {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly type?: "password" | "long";
}

const rows: readonly Row[] = [
  { name: "server", label: "Server", hint: "https://HOST:PORT; empty: it works by itself, or stays where it is" },
  {
    name: "ca",
    label: "Server’s authority",
    hint: "a file of this machine with who vouches for the server, where neither token nor system do",
  },
  { name: "pin", label: "Server’s pin", hint: "SHA-256 of the server’s authority, in place of that file" },
  { name: "name", label: "Name", hint: "what it is called at the server; empty: the name of this machine" },
  {
    name: "token",
    label: "Enrolment token",
    hint: "fh1.…, from `farhand enrol-token` at the server; empty: a person there lets it in",
    type: "password",
  },
  { name: "entitlement", label: "Entitlement", hint: "fhe1.…, where you were given one", type: "long" },
  { name: "password", label: "Service password", hint: "12 characters at least; empty: as it is", type: "password" },
];

/** Basic Setup: all fields are looked at before anything is done, and what was typed stays when one is wrong (CAT-108). */
export function SetupPage() {
  const { refresh } = useLive();
  const [faults, setFaults] = useState<readonly SetupFault[]>([]);
  const [done, setDone] = useState<readonly string[]>([]);
  const submit = async (fields: FormData) => {
    setFaults([]);
    setDone([]);
    const wish = Object.fromEntries(rows.map(({ name }) => [name, textOf(fields, name)]));
    const outcome = await asked<{ faults?: SetupFault[]; done?: string[] }>("POST", "setup", wish);
    setFaults(outcome.faults ?? []);
    setDone(outcome.done ?? []);
    refresh();
    const [first] = outcome.faults ?? [];
    if (first) document.querySelector<HTMLElement>(`[name="${first.field}"]`)?.focus();
  };
  return (
    <>
      <Heading title="Basic setup" />
      <JoiningNote />
      <div className="sheet max-w-2xl p-5">
        <Form button="Set up" submit={submit}>
          {rows.map((row) => (
            <SetupRow key={row.name} row={row} fault={faults.find(({ field }) => field === row.name)?.message} />
          ))}
        </Form>
        <div role="status" className="mt-3">
          {done.length > 0 && (
            <ul className="list-disc pl-5">
              {done.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          )}
        </div>
      </div>
    </>
  );
}

function SetupRow({ row, fault }: { readonly row: Row; readonly fault: string | undefined }) {
  const { name, label, hint, type } = row;
  return (
    <Field label={label} hint={fault === undefined ? hint : <span className="text-bad">{fault}</span>}>
      {(id, hintId) => {
        const shared = {
          ...{ id, name, className: "field", autoComplete: "off", spellCheck: false },
          ...{ "aria-describedby": hintId, "aria-invalid": fault !== undefined },
        };
        if (type === "long") return <textarea {...shared} rows={3} />;
        return <input {...shared} type={type ?? "text"} {...(type && { autoComplete: "new-password" })} />;
      }}
    </Field>
  );
}
