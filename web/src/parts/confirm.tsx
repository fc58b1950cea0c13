import { type ReactNode, useState } from "react";
import { Dialog, DialogButtons } from "./dialog.tsx";
import { ProblemNote } from "./problem-note.tsx";

interface ConfirmProps {
  readonly title: string;
  /** What the button does, in words. */
  readonly button: string;
  readonly act: () => Promise<unknown>;
  readonly close: () => void;
  readonly children: ReactNode;
}

/** Something that cannot be taken back: what it does, and a button for it. */
export function Confirm({ title, button, act, close, children }: ConfirmProps) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await act();
      close();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} close={close}>
      <p>{children}</p>
      {error !== undefined && <ProblemNote error={error} />}
      <DialogButtons>
        <button type="button" className="button" onClick={close} autoFocus>
          No
        </button>
        <button type="button" className="button button-bad" disabled={isBusy} onClick={() => void run()}>
          {button}
        </button>
      </DialogButtons>
    </Dialog>
  );
}
