import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import type { IndexedUnit } from "#server/wire";
import { readAllUnits, type UnitsWish } from "../../api/units.ts";
import { useServerNow } from "../../live/clock.ts";
import { useLive } from "../../live/live.tsx";
import { unitKey } from "../../live/live-state.ts";
import { Loading } from "../../parts/empty.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { mergedUnits } from "./merged-units.ts";
import { UnitRow, UnitTable } from "./unit-table.tsx";

interface UnitListProps {
  readonly label: string;
  readonly wish: UnitsWish;
  /** So many at once. */
  readonly limit?: number;
  /** What is said when there is none. */
  readonly empty: ReactNode;
  /** Only the newest, without a way to older ones. */
  readonly isShort?: boolean;
}

/** Units as the server's index knows them, kept up by the live line. */
export function UnitList({ label, wish, limit = 50, empty, isShort = false }: UnitListProps) {
  const { units: told, unitsEpoch } = useLive();
  const now = useServerNow();
  const { data, error, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["all-units", wish, limit, unitsEpoch],
    queryFn: ({ pageParam, signal }) => readAllUnits(wish, pageParam, limit, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
  });
  const units = useMemo(() => {
    const merged = mergedUnits(data?.pages.flatMap(({ items }) => items) ?? [], told, wish);
    return isShort ? merged.slice(0, limit) : merged;
  }, [data, told, wish, isShort, limit]);
  if (error && !data) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the units" />;
  if (units.length === 0) return <div className="sheet">{empty}</div>;
  const withWorker = wish.worker === undefined;
  return (
    <div className="flex flex-col gap-3">
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      <UnitTable label={label} withWorker={withWorker}>
        {units.map((unit) => (
          <Row key={unitKey(unit)} unit={unit} now={now} withWorker={withWorker} />
        ))}
      </UnitTable>
      {hasNextPage && !isShort && (
        <button type="button" className="button self-center" disabled={isFetching} onClick={() => void fetchNextPage()}>
          Older ones
        </button>
      )}
    </div>
  );
}

function Row({
  unit,
  now,
  withWorker,
}: {
  readonly unit: IndexedUnit;
  readonly now: number;
  readonly withWorker: boolean;
}) {
  const worker = unit.worker.name;
  const link = (
    <Link to="/workers/$worker/units/$unit" params={{ worker, unit: unit.id }} className="link mono" title={unit.id}>
      {unit.id.length > 12 ? `${unit.id.slice(0, 12)}…` : unit.id}
    </Link>
  );
  const place = withWorker && (
    <Link to="/workers/$worker" params={{ worker }} className="link">
      {worker}
    </Link>
  );
  return <UnitRow unit={unit} now={now} link={link} asOf={unit.asOf} {...(place && { worker: place })} />;
}
