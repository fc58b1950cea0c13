import type { WorkersApi } from "./workers-api.ts";
import { queryText } from "./api-path.ts";
import { listIn, objectIn, type Shape, stringOf } from "./shapes.ts";

const maxPages = 1_000;

/** All entries of a list, page after page. */
export async function allOf(
  api: WorkersApi,
  path: string,
  query: Parameters<typeof queryText>[0] = {},
  signal?: AbortSignal,
): Promise<Shape[]> {
  const items: Shape[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const answer = await api.ask("GET", path + queryText({ ...query, cursor }), { signal });
    items.push(...listIn(answer));
    cursor = stringOf(objectIn(answer)["next"]);
    if (cursor === undefined) break;
  }
  return items;
}
