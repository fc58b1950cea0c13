import { type ReactNode, useState } from "react";
import { ProblemNote } from "./problem-note.tsx";

/** A form that asks the server, says what went wrong, and cannot be sent twice meanwhile. */
export function Form({
  button,
  submit,
  children,
  more,
}: {
  readonly button: string;
  readonly submit: (fields: FormData) => Promise<void>;
  readonly children: ReactNode;
  readonly more?: ReactNode;
}) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const send = async (fields: FormData) => {
    setBusy(true);
    setError(undefined);
    try {
      await submit(fields);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void send(new FormData(event.currentTarget));
      }}
    >
      {children}
      {error !== undefined && <ProblemNote error={error} />}
      <div className="flex flex-wrap items-center justify-between gap-3">
        <button type="submit" className="button button-main" disabled={isBusy}>
          {button}
        </button>
        {more}
      </div>
    </form>
  );
}

/** A text of a form. */
export const textOf = (fields: FormData, name: string): string => {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
};
