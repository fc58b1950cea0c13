import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Enrolment } from "#server/wire";
import { revokeEnrolment } from "../../api/enrolments.ts";
import { useServerNow } from "../../live/clock.ts";
import { useLive } from "../../live/live.tsx";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Empty } from "../../parts/empty.tsx";
import { momentText, spanText } from "../../parts/quantities.ts";
import { type Column, Rows } from "../../parts/rows.tsx";
import { labelText } from "../people/label-text.ts";
import { type EnrolmentState, enrolmentState, inOrder } from "./enrolment-state.ts";

const columns: readonly Column<"id" | "state" | "for" | "labels" | "used" | "made" | "acts">[] = [
  { key: "id", name: "Token" },
  { key: "state", name: "State" },
  { key: "for", name: "Lets in", room: "max-md:hidden" },
  { key: "labels", name: "Labels", room: "max-lg:hidden" },
  { key: "used", name: "Used last", room: "max-md:hidden" },
  { key: "made", name: "Made", room: "max-lg:hidden" },
  { key: "acts", name: "Actions" },
];

/** Tokens without their secrets: which let somebody in, which worker used which. */
export function EnrolmentList(props: { readonly enrolments: readonly Enrolment[]; readonly changed: () => void }) {
  const { enrolments, changed } = props;
  const now = useServerNow();
  const [revoked, setRevoked] = useState<Enrolment>();
  if (enrolments.length === 0)
    return (
      <div className="sheet">
        <Empty title="No token was made yet." />
      </div>
    );
  const revoke = async () => {
    if (revoked) await revokeEnrolment(revoked.id);
    changed();
  };
  return (
    <>
      <Rows
        label="Enrolment tokens"
        columns={columns}
        rows={inOrder(enrolments, now)}
        keyOf={({ id }) => id}
        cells={(one) => <Cells enrolment={one} now={now} revoke={() => setRevoked(one)} />}
      />
      {revoked && (
        <Confirm title={`Revoke ${revoked.id}`} button="Revoke" act={revoke} close={() => setRevoked(undefined)}>
          Nobody gets in with it any more. Workers that came in with it stay.
        </Confirm>
      )}
    </>
  );
}

const looks = {
  open: ["ok", "ok"],
  used: ["quiet", "stopped"],
  expired: ["quiet", "stopped"],
} as const;

interface CellsProps {
  readonly enrolment: Enrolment;
  readonly now: number;
  readonly revoke: () => void;
}

function Cells({ enrolment, now, revoke }: CellsProps) {
  const { id, name, labels, cloneable, createdAt, expiresAt } = enrolment;
  const state = enrolmentState(enrolment, now);
  const [tone, icon] = looks[state];
  return (
    <>
      <td className="cell mono">{id}</td>
      <td className="cell" title={`until ${momentText(expiresAt, now)}`}>
        <Badge tone={tone} icon={icon}>
          {stateText(state, expiresAt - now)}
        </Badge>
      </td>
      <td className="cell max-w-60 truncate max-md:hidden">
        {cloneable ? "any number" : "one worker"}
        {name !== null && (
          <>
            {" "}
            as <span className="mono">{name}</span>
          </>
        )}
      </td>
      <td className="cell mono max-w-60 truncate max-lg:hidden">{labelText(labels)}</td>
      <td className="cell max-md:hidden">
        <Use enrolment={enrolment} now={now} />
      </td>
      <td className="cell max-lg:hidden">
        <Age at={createdAt} now={now} />
      </td>
      <td className="cell">
        {state === "open" && (
          <button type="button" className="link" aria-label={`Revoke ${id}`} onClick={revoke}>
            Revoke
          </button>
        )}
      </td>
    </>
  );
}

const stateText = (state: EnrolmentState, leftMs: number): string =>
  state === "open" ? `open, ${spanText(leftMs)} left` : state;

function Use({ enrolment: { usedAt, usedBy, uses }, now }: Pick<CellsProps, "enrolment" | "now">) {
  const { workers } = useLive();
  if (usedAt === null) return <span className="text-soft">never</span>;
  const worker = workers.find(({ id }) => id === usedBy);
  return (
    <>
      {worker ? (
        <Link to="/workers/$worker" params={{ worker: worker.name }} className="link">
          {worker.name}
        </Link>
      ) : (
        <span className="mono">{usedBy}</span>
      )}{" "}
      <span className="text-soft">
        <Age at={usedAt} now={now} />
        {uses > 1 && `, the last of ${uses}`}
      </span>
    </>
  );
}
