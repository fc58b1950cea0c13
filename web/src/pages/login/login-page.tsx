import { useState } from "react";
import { login, loginFactor, logout, stepUp } from "../../api/session.ts";
import { type LoginStep, useSession } from "../../app/session.tsx";
import { CodeForm } from "./code-form.tsx";
import { FactorSetUp } from "./factor-set-up.tsx";
import { PasswordForm } from "./password-form.tsx";

type Step =
  | { readonly kind: "password" }
  /** With a ticket of the password, or of a session that has not shown the factor. */
  | { readonly kind: "code"; readonly ticket?: string }
  | { readonly kind: "enrol" };

/** Getting in: the password, the second factor where there is one, and setting one up where the role must have it. */
export function LoginPage({ start }: { readonly start: LoginStep }) {
  const { refresh, ended } = useSession();
  const [step, setStep] = useState<Step>({ kind: start });
  const begin = async (name: string, password: string) => {
    const answer = await login(name, password);
    if ("ticket" in answer) return setStep({ kind: "code", ticket: answer.ticket });
    if (answer.mustEnrol) return setStep({ kind: "enrol" });
    refresh();
  };
  const show = async (code: string) => {
    await (step.kind === "code" && step.ticket !== undefined ? loginFactor(step.ticket, code) : stepUp(code));
    refresh();
  };
  const leave = () => {
    // Nobody is logged in before the code; then there is nothing to end.
    void logout().catch(() => {});
    ended();
    setStep({ kind: "password" });
  };
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center p-4">
      <div className="sheet flex flex-col gap-5 p-6 shadow-sm">
        <Title />
        {step.kind === "password" && <PasswordForm submit={begin} />}
        {step.kind === "code" && <CodeForm submit={show} back={leave} />}
        {step.kind === "enrol" && <FactorSetUp done={refresh} back={leave} />}
      </div>
    </main>
  );
}

function Title() {
  return (
    <div className="flex items-center gap-3">
      <svg viewBox="0 0 32 32" width="34" height="34" aria-hidden="true">
        <rect width="32" height="32" rx="7" className="fill-accent" />
        <path d="M9 24V8h14M9 16h10" fill="none" className="stroke-on-accent" strokeWidth="3.2" strokeLinecap="round" />
      </svg>
      <div>
        <h1>Farhand</h1>
        <p className="text-soft">{globalThis.location.host}</p>
      </div>
    </div>
  );
}
