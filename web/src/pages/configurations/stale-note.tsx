import { useState } from "react";
import type { ThreeWayChange } from "#server/wire";
import { Confirm } from "../../parts/confirm.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Table } from "../../parts/table.tsx";
import type { Differences } from "./editing.tsx";

const columns = ["Key", "Was", "Theirs", "Yours", ""].map((name) => ({ name }));

interface StaleNoteProps extends Differences {
  readonly keepMine: () => void;
  readonly takeTheirs: () => Promise<void>;
}

/** Somebody else was faster: what they and you have made of the same version, and the choice (CAT-72). */
export function StaleNote({ version, changes, keepMine, takeTheirs }: StaleNoteProps) {
  const [isAsked, setAsked] = useState(false);
  return (
    <section
      aria-label="Somebody else was faster"
      className="flex flex-col gap-3 rounded-lg border border-warn bg-warn-wash p-4"
    >
      <p role="alert" className="flex items-start gap-2 font-medium">
        <Icon name="warn" className="mt-0.5 text-warn" />
        Somebody else has written version {version} meanwhile. Your text is here as you typed it, and nothing of it is
        saved.
      </p>
      <Table label="What differs" columns={columns} isPart>
        {changes.map((change) => (
          <Change key={change.path} change={change} />
        ))}
      </Table>
      <div className="flex flex-wrap gap-2">
        <button type="button" className="button button-main" onClick={keepMine}>
          Keep my text, over theirs
        </button>
        <button type="button" className="button button-bad" onClick={() => setAsked(true)}>
          Take theirs…
        </button>
      </div>
      {isAsked && (
        <Confirm title="Take theirs" button="Drop my text" act={takeTheirs} close={() => setAsked(false)}>
          Your text is dropped, and version {version} stands in its place.
        </Confirm>
      )}
    </section>
  );
}

function Change({ change: { path, base, theirs, yours, conflict } }: { readonly change: ThreeWayChange }) {
  return (
    <tr>
      <td className="cell mono">{path}</td>
      {[base, theirs, yours].map((value, n) => (
        <td key={["was", "theirs", "yours"][n]} className="cell mono max-w-80 break-words">
          {value === undefined ? "–" : JSON.stringify(value)}
        </td>
      ))}
      <td className="cell">{conflict ? <strong>both changed it</strong> : ""}</td>
    </tr>
  );
}
