import { useState } from "react";
import { beginFactor, confirmFactor } from "../../api/session.ts";
import { problemOf } from "../../api/problem.ts";
import { CodeField } from "../../parts/code-field.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { QrCode } from "../../parts/qr/qr-code.tsx";

type Step =
  | { readonly kind: "begin"; readonly needsPassword: boolean }
  | { readonly kind: "secret"; readonly secret: string; readonly uri: string }
  | { readonly kind: "codes"; readonly codes: readonly string[] };

/** Set up a second factor: the secret into a device, a code of it back, and the recovery codes, shown this once. */
export function FactorSetUp({ done, back }: { readonly done: () => void; readonly back?: () => void }) {
  const [step, setStep] = useState<Step>({ kind: "begin", needsPassword: false });
  const begin = async (password: string) => {
    try {
      setStep({ kind: "secret", ...(await beginFactor(password === "" ? undefined : password)) });
    } catch (error) {
      if (problemOf(error).code === "PASSWORD_NEEDED") setStep({ kind: "begin", needsPassword: true });
      throw error;
    }
  };
  const confirm = async (code: string) => {
    const { recoveryCodes } = await confirmFactor(code);
    setStep({ kind: "codes", codes: recoveryCodes });
  };
  switch (step.kind) {
    case "begin":
      return <Begin needsPassword={step.needsPassword} submit={begin} back={back} />;
    case "secret":
      return <Secret {...step} submit={confirm} />;
    case "codes":
      return <Codes codes={step.codes} done={done} />;
  }
}

function Begin({
  needsPassword,
  submit,
  back,
}: {
  readonly needsPassword: boolean;
  readonly submit: (password: string) => Promise<void>;
  readonly back: (() => void) | undefined;
}) {
  const leave = back && (
    <button type="button" className="link" onClick={back}>
      Not now
    </button>
  );
  return (
    <Form button="Set one up" submit={(fields) => submit(textOf(fields, "password"))} more={leave}>
      <h2>A second factor</h2>
      <p>
        {back && "Your role needs one before anything else. "}
        You need an app that makes codes (TOTP) on a phone or in a password manager.
      </p>
      {needsPassword && (
        <Field label="Your password once more">
          {(id) => (
            <input
              id={id}
              name="password"
              type="password"
              className="field"
              autoComplete="current-password"
              required
              autoFocus
            />
          )}
        </Field>
      )}
    </Form>
  );
}

function Secret({
  secret,
  uri,
  submit,
}: {
  readonly secret: string;
  readonly uri: string;
  readonly submit: (code: string) => Promise<void>;
}) {
  return (
    <Form button="Confirm" submit={(fields) => submit(textOf(fields, "code"))}>
      <p>
        Scan this with the app, type the secret into it, or{" "}
        <a className="link" href={uri}>
          open it there
        </a>
        . It is shown this once.
      </p>
      <QrCode text={uri} label="The secret for the camera of the app" />
      <code className="mono rounded-md border border-line bg-sunk px-3 py-2 break-all" data-secret={secret}>
        {secret.match(/.{1,4}/g)?.join(" ")}
      </code>
      <CodeField label="A code that the app shows now" isDigits />
    </Form>
  );
}

function Codes({ codes, done }: { readonly codes: readonly string[]; readonly done: () => void }) {
  return (
    <div className="flex flex-col gap-4">
      <h2>Recovery codes</h2>
      <p>Each gets you in once when the device is lost. Keep them where the device is not; they are not shown again.</p>
      <ul className="mono grid grid-cols-2 gap-x-4 gap-y-1 rounded-md border border-line bg-sunk px-3 py-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <button type="button" className="button button-main self-start" onClick={done} autoFocus>
        I have kept them
      </button>
    </div>
  );
}
