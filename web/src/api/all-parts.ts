import type { Page } from "#server/wire";
import { get } from "./request.ts";

/** Parts of a list that are asked for at most. */
const mostParts = 40;

/** The whole of a list that is told in parts; of a very long one its first 20,000. */
export async function all<Item>(route: string, signal: AbortSignal): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor = "";
  for (let part = 0; part < mostParts; part++) {
    const query = new URLSearchParams({ limit: "500", ...(cursor !== "" && { cursor }) });
    const page = await get<Page<Item>>(`${route}?${query}`, signal);
    items.push(...page.items);
    if (page.next === undefined) break;
    cursor = page.next;
  }
  return items;
}
