import { useState } from "react";
import { changePassword } from "../../api/session.ts";
import { useMe, useSession } from "../../app/session.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { Heading } from "../../parts/heading.tsx";
import { FactorSetUp } from "../login/factor-set-up.tsx";
import { OwnSessions } from "./own-sessions.tsx";
import { OwnTokens } from "./own-tokens.tsx";

/** One's own account: password and second factor. */
export function AccountPage() {
  const { user, factor } = useMe();
  const { refresh } = useSession();
  return (
    <>
      <Heading title={user.name}>
        <span className="text-soft">{user.role}</span>
      </Heading>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <section aria-label="Password" className="sheet p-5">
          <PasswordChange />
        </section>
        <section aria-label="Second factor" className="sheet p-5">
          {factor.set ? (
            <>
              <h2 className="mb-2">Second factor</h2>
              <p>
                <Badge tone="ok" icon="ok">
                  set up
                </Badge>
              </p>
              <p className="text-soft">{factor.recoveryCodesLeft} recovery codes are left.</p>
            </>
          ) : (
            <FactorSetUp done={refresh} />
          )}
        </section>
        <OwnSessions />
        <OwnTokens />
      </div>
    </>
  );
}

function PasswordChange() {
  const [isDone, setDone] = useState(false);
  const change = async (fields: FormData) => {
    setDone(false);
    await changePassword(textOf(fields, "current"), textOf(fields, "password"));
    setDone(true);
  };
  return (
    <Form button="Change it" submit={change}>
      <h2>Password</h2>
      <Field label="Password until now">
        {(id) => (
          <input id={id} name="current" type="password" className="field" autoComplete="current-password" required />
        )}
      </Field>
      <Field label="New password" hint="Your other sessions end.">
        {(id, hint) => (
          <input
            id={id}
            aria-describedby={hint}
            name="password"
            type="password"
            className="field"
            autoComplete="new-password"
            minLength={12}
            required
          />
        )}
      </Field>
      {isDone && (
        <p role="status">
          <Badge tone="ok" icon="ok">
            changed
          </Badge>
        </p>
      )}
    </Form>
  );
}
