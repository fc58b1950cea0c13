import type { ProbeKind } from "#tools/wire";
import { Field } from "../../parts/field.tsx";
import { textOf } from "../../parts/form.tsx";
import { numberOf, TextField } from "../tools/tool-fields.tsx";

interface ProbeFieldsProps {
  readonly kind: ProbeKind;
  readonly faultOf: (field: string) => string | undefined;
}

const port = "[0-9]{1,5}";
const recordTypes = ["A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];

/** What a kind of probe asks for. */
export function ProbeFields({ kind, faultOf }: ProbeFieldsProps) {
  const of = (name: string) => ({ name, fault: faultOf(name) });
  switch (kind) {
    case "ping":
      return <TextField label="Host" {...of("host")} hint="An address or a name." required />;
    case "tcp":
      return (
        <div className="grid grid-cols-[2fr_1fr] gap-3">
          <TextField label="Host" {...of("host")} hint="An address or a name." required />
          <TextField label="Port" {...of("port")} pattern={port} required />
        </div>
      );
    case "tls":
      return (
        <div className="grid grid-cols-[2fr_1fr] gap-3">
          <TextField label="Host" {...of("host")} hint="An address or a name." required />
          <TextField label="Port" {...of("port")} pattern={port} value="443" required />
          <TextField label="Name in the certificate" {...of("serverName")} hint="Else the host." />
          <TextField label="Days left" {...of("minDays")} pattern="[0-9]{1,4}" hint="Down with fewer." />
        </div>
      );
    case "dns":
      return (
        <div className="grid grid-cols-[2fr_1fr] gap-3">
          <TextField label="Name" {...of("name")} required />
          <Field label="Record">
            {(id) => (
              <select id={id} name="recordType" className="field">
                {recordTypes.map((type) => (
                  <option key={type}>{type}</option>
                ))}
              </select>
            )}
          </Field>
          <TextField label="Name server" {...of("server")} hint="Else the first that the worker uses." />
          <TextField label="Its port" {...of("port")} pattern={port} value="53" />
          <TextField label="One of the answers" {...of("expect")} hint="Down without it." />
        </div>
      );
    case "http":
      return (
        <>
          <TextField label="Address" {...of("url")} pattern="https?://.+" hint="http://… or https://…" required />
          <div className="grid grid-cols-[2fr_1fr] gap-3">
            <TextField label="Text in the page" {...of("expectText")} hint="Down without it." />
            <TextField label="Status" {...of("expectStatus")} pattern="[0-9]{3}" hint="Else 200 to 399." />
          </div>
        </>
      );
  }
}

/** Fields of each kind: texts, then numbers. */
const texts: Readonly<Record<ProbeKind, readonly string[]>> = {
  ping: ["host"],
  tcp: ["host"],
  tls: ["host", "serverName"],
  dns: ["name", "recordType", "server", "expect"],
  http: ["url", "expectText"],
};
const numbers: Readonly<Record<ProbeKind, readonly string[]>> = {
  ping: [],
  tcp: ["port"],
  tls: ["port", "minDays"],
  dns: ["port"],
  http: ["expectStatus"],
};

/** The params of a probe, without what was left empty. */
export function probeParams(kind: ProbeKind, fields: FormData): object {
  const seconds = numberOf(fields, "seconds");
  const named = texts[kind].map((name) => [name, textOf(fields, name).trim()] as const);
  const counted = [...numbers[kind], "attempts"].map((name) => [name, numberOf(fields, name)] as const);
  return {
    ...Object.fromEntries(named.filter(([, text]) => text !== "")),
    ...Object.fromEntries(counted.filter(([, number]) => number !== undefined)),
    ...(seconds !== undefined && { timeoutMs: Math.round(seconds * 1_000) }),
  };
}
