import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ConfigVersion } from "#server/wire";
import { putBack, readTextOf, readVersions } from "../../api/configurations.ts";
import { useServerNow } from "../../live/clock.ts";
import { useToldQuery } from "../../live/told-query.ts";
import { Age } from "../../parts/age.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Dialog, DialogButtons } from "../../parts/dialog.tsx";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Menu, MenuItem } from "../../parts/menu.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { DiffView } from "./diff-view.tsx";

interface Pair {
  readonly from: number;
  readonly to: number;
}

interface VersionsTabProps {
  readonly name: string;
  readonly mayWrite: boolean;
  readonly compared: Pair | undefined;
  readonly compare: (pair: Pair) => void;
}

/** The versions that are kept, any two of them side by side, and an old one put back (CAT-74). */
export function VersionsTab({ name, mayWrite, compared, compare }: VersionsTabProps) {
  const { data, error, refetch } = useToldQuery({
    key: ["config", name, "versions"],
    channel: `configuration/${name}`,
    read: (signal) => readVersions(name, signal),
  });
  const [shown, setShown] = useState<number>();
  const [returning, setReturning] = useState<number>();
  const queries = useQueryClient();
  if (error) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the versions" />;
  const newest = data[0];
  if (!newest)
    return (
      <div className="sheet">
        <Empty title="It has no version yet.">“Edit” writes the first one.</Empty>
      </div>
    );
  const pair = compared ?? { from: data[1]?.version ?? newest.version, to: newest.version };
  const back = async (version: number) => {
    await putBack(name, version, newest.version);
    await queries.invalidateQueries({ queryKey: ["config", name] });
  };
  return (
    <div className="grid gap-4 xl:grid-cols-[minmax(24rem,1fr)_2fr]">
      <ul className="sheet divide-y divide-line self-start" aria-label="Versions">
        {data.map((version) => (
          <VersionLine
            key={version.version}
            version={version}
            isNewest={version === newest}
            mayWrite={mayWrite}
            show={() => setShown(version.version)}
            compare={() => compare({ from: version.version, to: newest.version })}
            back={() => setReturning(version.version)}
          />
        ))}
      </ul>
      <div className="flex min-w-0 flex-col gap-3">
        <PairChoice versions={data} pair={pair} choose={compare} />
        <DiffView name={name} {...pair} />
      </div>
      {shown !== undefined && <Shown name={name} version={shown} close={() => setShown(undefined)} />}
      {returning !== undefined && (
        <Confirm
          title={`Version ${returning} again`}
          button="Put it back"
          act={() => back(returning)}
          close={() => setReturning(undefined)}
        >
          Version {returning} becomes version {newest.version + 1}, with the secrets it had, and all workers get it.
        </Confirm>
      )}
    </div>
  );
}

interface VersionLineProps {
  readonly version: ConfigVersion;
  readonly isNewest: boolean;
  readonly mayWrite: boolean;
  readonly show: () => void;
  readonly compare: () => void;
  readonly back: () => void;
}

function VersionLine({ version, isNewest, mayWrite, show, compare, back }: VersionLineProps) {
  const now = useServerNow();
  const { version: number, author, authorName = author, comment, createdAt } = version;
  const why = isNewest ? "it is in force" : mayWrite ? undefined : "your role may not configure";
  return (
    <li className="flex items-start gap-3 px-4 py-2">
      <div className="min-w-0 flex-1">
        <span className="font-semibold">Version {number}</span>{" "}
        <span className="text-soft">
          by {authorName}, <Age at={createdAt} now={now} />
        </span>
        {comment !== "" && <p className="break-words">{comment}</p>}
      </div>
      <Menu label={`Actions of version ${number}`}>
        <MenuItem act={show}>Show</MenuItem>
        <MenuItem act={compare} {...(isNewest && { why: "it is the newest" })}>
          Compare with the newest
        </MenuItem>
        <MenuItem act={back} {...(why !== undefined && { why })}>
          Put it back…
        </MenuItem>
      </Menu>
    </li>
  );
}

function PairChoice({
  versions,
  pair,
  choose,
}: {
  readonly versions: readonly ConfigVersion[];
  readonly pair: Pair;
  readonly choose: (pair: Pair) => void;
}) {
  const select = (label: string, value: number, change: (version: number) => void) => (
    <label className="flex items-center gap-2">
      <span className="text-soft">{label}</span>
      <select
        className="field w-auto"
        aria-label={`${label} version`}
        value={value}
        onChange={({ target }) => change(Number(target.value))}
      >
        {versions.map(({ version }) => (
          <option key={version} value={version}>
            {version}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div role="group" aria-label="Compare" className="flex flex-wrap items-center gap-3">
      {select("From", pair.from, (from) => choose({ ...pair, from }))}
      {select("To", pair.to, (to) => choose({ ...pair, to }))}
    </div>
  );
}

function Shown({
  name,
  version,
  close,
}: {
  readonly name: string;
  readonly version: number;
  readonly close: () => void;
}) {
  const { data, error } = useQuery({
    queryKey: ["config", name, "text", version],
    queryFn: ({ signal }) => readTextOf(name, version, signal),
  });
  return (
    <Dialog title={`Version ${version} of ${name}`} close={close}>
      {error && <ProblemNote error={error} />}
      {!data && !error && <Loading what="the document" />}
      {data && (
        <pre className="mono max-h-[60vh] overflow-auto rounded-md border border-line bg-sunk p-3" tabIndex={0}>
          {data.text === "" ? "# an empty document" : data.text}
        </pre>
      )}
      <DialogButtons>
        <button type="button" className="button" onClick={close} autoFocus>
          Close
        </button>
      </DialogButtons>
    </Dialog>
  );
}
