import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import type { UnitDetails } from "#server/wire";
import { readUnit } from "../../api/units.ts";
import { useLive } from "../../live/live.tsx";

/** A unit as its worker tells it; asked again whenever its state changes. `told` takes what was read elsewhere. */
export function useUnit(worker: string, id: string) {
  const queries = useQueryClient();
  const key = ["unit", worker, id];
  const { data, error, refetch } = useQuery({ queryKey: key, queryFn: ({ signal }) => readUnit(worker, id, signal) });
  const told = useCallback(
    (details: UnitDetails) => queries.setQueryData(["unit", worker, id], details),
    [queries, worker, id],
  );
  useTold(worker, id, told);
  return { data, error, refetch, told };
}

/** Its state is told as it changes; what the worker says when it is asked has more, and is asked then. */
function useTold(worker: string, id: string, told: (details: UnitDetails) => void): void {
  const { units } = useLive();
  const state = [...units.values()].find((unit) => unit.id === id && unit.worker.name === worker)?.state;
  useEffect(() => {
    const over = new AbortController();
    // Where it cannot be asked, what is known stays.
    if (state !== undefined) readUnit(worker, id, over.signal).then(told, () => {});
    return () => over.abort();
  }, [worker, id, state, told]);
}
