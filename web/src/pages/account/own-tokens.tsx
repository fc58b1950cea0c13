import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { makeToken, readTokens, revokeToken } from "../../api/users.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";

/** Credentials for one's programs. A new one is shown once, and nowhere kept. */
export function OwnTokens() {
  const now = useServerNow();
  const { data, error, refetch } = useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => readTokens(signal) });
  const [secret, setSecret] = useState<string>();
  const [failure, setFailure] = useState<unknown>();
  const make = async (fields: FormData) => {
    const { token } = await makeToken(textOf(fields, "name").trim(), [textOf(fields, "scope")]);
    setSecret(token);
    void refetch();
  };
  const revoke = (id: string) => {
    setFailure(undefined);
    revokeToken(id)
      .catch(setFailure)
      .finally(() => void refetch());
  };
  const problem = failure ?? error ?? undefined;
  return (
    <section aria-label="API tokens" className="sheet p-5">
      <h2 className="mb-2">API tokens</h2>
      {problem !== undefined && <ProblemNote error={problem} />}
      <ul className="mb-4 divide-y divide-line">
        {data?.map(({ id, name, scopes, usedAt }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-2 py-2">
            <span>
              <span className="font-medium">{name}</span> <span className="mono">{scopes.join(" ")}</span>{" "}
              <span className="text-soft">
                used <Age at={usedAt} now={now} />
              </span>
            </span>
            <button type="button" className="button" aria-label={`Revoke ${name}`} onClick={() => revoke(id)}>
              Revoke
            </button>
          </li>
        ))}
      </ul>
      {secret !== undefined && (
        <p className="mb-4" role="status">
          Keep it now, it is shown this once:{" "}
          <code className="mono block rounded-md border border-line bg-sunk px-3 py-2 break-all">{secret}</code>
        </p>
      )}
      <Form button="Make a token" submit={make}>
        <Field label="Token for">
          {(id) => <input id={id} name="name" className="field" maxLength={100} autoComplete="off" required />}
        </Field>
        <Field label="It may" hint="Never more than you may.">
          {(id, hint) => (
            <select id={id} aria-describedby={hint} name="scope" className="field">
              <option value="workers:monitor">see workers and units</option>
              <option value="workers:operate">also run and cancel</option>
              <option value="*:monitor">see everything that you see</option>
            </select>
          )}
        </Field>
      </Form>
    </section>
  );
}
