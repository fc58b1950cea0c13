import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { readUsers } from "../../api/users.ts";
import { useMe } from "../../app/session.tsx";
import { useLive } from "../../live/live.tsx";
import { includes } from "../../parts/may.ts";

/** Names of users and workers by their ids, as far as the reader may know them. A worker that did something is `worker:ID`. */
export function useNames(): (id: string) => string {
  const { levels } = useMe();
  const { workers } = useLive();
  const { data } = useQuery({
    queryKey: ["users"],
    queryFn: ({ signal }) => readUsers(signal),
    enabled: includes(levels.users, "admin"),
  });
  return useMemo(() => {
    const all = [...(data ?? []), ...workers];
    const names = new Map(all.flatMap(({ id, name }) => [[id, name] as const, [`worker:${id}`, name] as const]));
    return (id) => names.get(id) ?? id;
  }, [data, workers]);
}
