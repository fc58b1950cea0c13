import type { makeTokenFor } from "../../api/users.ts";
import { useServerNow } from "../../live/clock.ts";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";

const dayMs = 24 * 3_600_000;

/** What a program is mostly made for; others are written as scopes. */
const uses: readonly (readonly [scope: string, may: string])[] = [
  ["workers:monitor", "see workers and units"],
  ["workers:operate", "also run and cancel"],
  ["configurations:configure", "read and write configurations"],
  ["enrolment:admin", "let workers in, such as containers"],
  ["audit:admin", "read the audit"],
  ["*:monitor", "see everything that its account sees"],
];

type Wish = Parameters<typeof makeTokenFor>[1];

/** A new token: what it is for, what of its account's rights it has, and how long. */
export function TokenForm({ make }: { readonly make: (wish: Wish) => Promise<void> }) {
  const now = useServerNow(10_000);
  const send = async (fields: FormData) => {
    const days = Number(textOf(fields, "days"));
    const expiresAt = days === 0 ? null : Math.round(now + days * dayMs);
    await make({ name: textOf(fields, "token").trim(), scopes: [textOf(fields, "scope")], expiresAt });
  };
  return (
    <Form button="Make a token" submit={send}>
      <Field label="Token for">
        {(id) => <input id={id} name="token" className="field" maxLength={100} autoComplete="off" required />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="It may" hint="Never more than the account's role on the account's workers.">
          {(id, hint) => (
            <select id={id} aria-describedby={hint} name="scope" className="field">
              {uses.map(([scope, may]) => (
                <option key={scope} value={scope}>
                  {may}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="It works">
          {(id) => (
            <select id={id} name="days" className="field" defaultValue="90">
              <option value="1">1 day</option>
              <option value="30">30 days</option>
              <option value="90">90 days</option>
              <option value="365">365 days</option>
              <option value="0">until it is revoked</option>
            </select>
          )}
        </Field>
      </div>
    </Form>
  );
}
