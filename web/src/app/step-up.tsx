import { useState, useSyncExternalStore } from "react";
import { stepUp } from "../api/session.ts";
import { Dialog, DialogButtons } from "../parts/dialog.tsx";
import { CodeField } from "../parts/code-field.tsx";
import { textOf } from "../parts/form.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";

/** A request that waits for a code. One question at a time serves all of them. */
let waiting: { readonly answer: Promise<boolean>; readonly done: (shown: boolean) => void } | undefined;
const listeners = new Set<() => void>();

/** Ask the reader for a code of the second factor. @returns whether one was shown. */
export function askForCode(): Promise<boolean> {
  if (waiting) return waiting.answer;
  let done: (shown: boolean) => void = () => {};
  const answer = new Promise<boolean>((resolve) => (done = resolve));
  set({ answer, done });
  return answer;
}

function set(next: typeof waiting): void {
  waiting = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The question itself (CAT-68), while something waits for it. */
export function StepUp() {
  const question = useSyncExternalStore(subscribe, () => waiting);
  if (!question) return null;
  const end = (shown: boolean) => {
    set(undefined);
    question.done(shown);
  };
  return <Question end={end} />;
}

function Question({ end }: { readonly end: (shown: boolean) => void }) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const show = async (code: string) => {
    setBusy(true);
    try {
      await stepUp(code);
      end(true);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Show your second factor" close={() => end(false)}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void show(textOf(new FormData(event.currentTarget), "code"));
        }}
      >
        <CodeField
          label="Code"
          hint="This needs a code not older than ten minutes: of your device, or a recovery code."
        />
        {error !== undefined && <ProblemNote error={error} />}
        <DialogButtons>
          <button type="button" className="button" onClick={() => end(false)}>
            Not now
          </button>
          <button type="submit" className="button button-main" disabled={isBusy}>
            Show it
          </button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
