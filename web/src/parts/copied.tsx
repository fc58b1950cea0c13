import { useState } from "react";
import { Command } from "./empty.tsx";

/** A text to be taken elsewhere, with a button that puts it on the clipboard where the browser allows it. */
export function Copied({ label, text }: { readonly label: string; readonly text: string }) {
  const [said, setSaid] = useState("");
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("It is on the clipboard."),
      () => setSaid("The browser does not allow it: mark and copy it."),
    );
  };
  return (
    <div role="group" aria-label={label}>
      <Command>{text}</Command>
      {/* A page that did not come by HTTPS has no clipboard. */}
      {"clipboard" in navigator && (
        <div className="mt-2 flex items-center gap-3">
          <button type="button" className="button" aria-label={`Copy: ${label}`} onClick={copy}>
            Copy
          </button>
          <span role="status" className="text-soft">
            {said}
          </span>
        </div>
      )}
    </div>
  );
}
