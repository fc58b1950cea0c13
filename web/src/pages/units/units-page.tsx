import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Empty } from "../../parts/empty.tsx";
import { textOf } from "../../parts/form.tsx";
import { Heading } from "../../parts/heading.tsx";
import { Icon } from "../../parts/icon.tsx";
import { RunDialog } from "../unit/run-dialog.tsx";
import { UnitList } from "./unit-list.tsx";
import { UnitState } from "./unit-state.tsx";

/** The units of all workers, the newest first. */
export function UnitsPage() {
  const [isRunning, setRunning] = useState(false);
  const [state, setState] = useState("");
  const [user, setUser] = useState("");
  const [workType, setWorkType] = useState("");
  const wish = useMemo(
    () => ({ ...(state !== "" && { state }), ...(user !== "" && { user }), ...(workType !== "" && { workType }) }),
    [state, user, workType],
  );
  const empty = (
    <Empty title={Object.keys(wish).length === 0 ? "Nothing has been run yet." : "No unit fits."}>
      <p>
        Press Run…, here or at{" "}
        <Link to="/workers" className="link">
          a worker
        </Link>
        .
      </p>
    </Empty>
  );
  return (
    <>
      <Heading title="Units">
        <button type="button" className="button button-main ml-auto" onClick={() => setRunning(true)}>
          <Icon name="run" />
          Run…
        </button>
      </Heading>
      <div role="search" className="mb-3 flex flex-wrap gap-2">
        <UnitState state={state} change={setState} />
        <Filter label="Work type" value={workType} change={setWorkType} />
        <Filter label="Ordered by" value={user} change={setUser} />
      </div>
      <UnitList label="Units" wish={wish} empty={empty} />
      {isRunning && <RunDialog close={() => setRunning(false)} />}
    </>
  );
}

/** In force when the reader is done with typing it. */
function Filter({
  label,
  value,
  change,
}: {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
}) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change(textOf(new FormData(event.currentTarget), "value").trim());
      }}
    >
      <input
        name="value"
        aria-label={label}
        placeholder={label}
        defaultValue={value}
        className="field !w-44"
        onBlur={({ target }) => change(target.value.trim())}
      />
    </form>
  );
}
