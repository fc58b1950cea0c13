import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useChannel } from "./channel.ts";

interface ToldQuery<T> {
  readonly key: readonly unknown[];
  /** It is read once, and once more each time that this channel has changed. */
  readonly channel: string;
  readonly read: (signal: AbortSignal) => Promise<T>;
  /** What else makes it another; a text. */
  readonly also?: string;
}

/** Something that is asked for by HTTP when the live line says that it has changed, and never by the clock. */
export function useToldQuery<T>({ key, channel, read, also = "" }: ToldQuery<T>) {
  const { position, error: refused, isSettled } = useChannel(channel);
  const wanted = `${position ?? ""} ${also}`;
  const now = useRef(wanted);
  now.current = wanted;
  /** What stood there when it was asked for last. A change that comes meanwhile does not cut the answer off: it is asked again after it. */
  const asked = useRef<string>(undefined);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => {
      asked.current = now.current;
      return read(signal);
    },
    enabled: isSettled,
  });
  useEffect(() => {
    if (isSettled && !isFetching && asked.current !== wanted) void refetch({ cancelRefetch: false });
  }, [wanted, isSettled, isFetching, refetch]);
  return { data, error: error ?? refused, refetch };
}
