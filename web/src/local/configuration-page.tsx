import { useEffect, useState } from "react";
import { Command, Loading } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { asked } from "./api.ts";
import { useLive } from "./live.tsx";

interface Value {
  readonly path: string;
  readonly value: unknown;
  readonly source: string;
  readonly fixed: string | null;
}

interface Configuration {
  readonly values?: readonly Value[];
  /** As the file has it, when no service says what is in force. */
  readonly document?: object;
}

/** What is in force, and where each value comes from. */
export function ConfigurationPage() {
  const { state } = useLive();
  const [known, setKnown] = useState<Configuration>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    asked<Configuration>("GET", "configuration").then((got) => {
      setKnown(got);
      setError(undefined);
    }, setError);
  }, [state?.runs]);
  return (
    <>
      <Heading title="Configuration" />
      <p className="text-soft">Server, name, entitlement and password are set on “Basic setup”; the rest by</p>
      <div className="mb-4 max-w-sm">
        <Command>farhand worker edit</Command>
      </div>
      {error !== undefined && <ProblemNote error={error} />}
      {!known && error === undefined && <Loading what="the configuration" />}
      {known?.document && <pre className="sheet mono overflow-auto p-3">{JSON.stringify(known.document, null, 2)}</pre>}
      {known?.values && <Values values={known.values} />}
    </>
  );
}

function Values({ values }: { readonly values: readonly Value[] }) {
  return (
    <div className="sheet overflow-auto" tabIndex={0} role="region" aria-label="Values in force">
      <table className="w-full">
        <thead>
          <tr>
            <th className="head">Key</th>
            <th className="head">Value</th>
            <th className="head">From</th>
          </tr>
        </thead>
        <tbody>
          {values.map(({ path, value, source, fixed }) => (
            <tr key={path} className="border-t border-line">
              <td className="cell mono">{path}</td>
              <td className="cell mono break-all">{JSON.stringify(value)}</td>
              <td className="cell">{fixed === null ? source : `${source}: ${fixed}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
