import { useState } from "react";
import { Command } from "../parts/empty.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { spanText } from "../parts/quantities.ts";
import { asked } from "./api.ts";
import { useLive } from "./live.tsx";
import { useNow } from "./standing.tsx";

/** A person at the server has to let this worker in: what they are to compare, and the way out of it. */
export function JoiningNote() {
  const { state, refresh } = useLive();
  const [error, setError] = useState<unknown>();
  const now = useNow();
  if (state?.trouble !== undefined)
    return (
      <p role="alert" className="mb-4 rounded-md border border-bad bg-bad-wash px-3 py-2 break-words">
        The server has not let this worker in: {state.trouble}
      </p>
    );
  if (!state?.waiting) return null;
  const { fingerprint, server, since } = state.waiting;
  const giveUp = async () => {
    setError(undefined);
    await asked("POST", "setup/give-up", {}).catch(setError);
    refresh();
  };
  return (
    <section aria-label="Waits to be let in" className="mb-4 rounded-lg border border-warn bg-warn-wash p-4">
      <p className="font-medium break-words">
        This worker asks {server} to be let in, for {spanText(now - since)} now. It asks until somebody decides, or
        these pages end.
      </p>
      <p className="mt-2">An administrator of the server compares this fingerprint, and lets it in:</p>
      <p className="mono mt-1 break-all" aria-label="Fingerprint of this machine">
        {fingerprint}
      </p>
      <Command>{`farhand workers approve ${fingerprint}`}</Command>
      {error !== undefined && <ProblemNote error={error} />}
      <button type="button" className="button mt-3" onClick={() => void giveUp()}>
        Give up
      </button>
    </section>
  );
}
