import { releaseUnit } from "#work";
import type { Connector } from "./connection.ts";

/** Release one unit on a connection of its own. */
export async function release(connect: Connector, unitId: string): Promise<void> {
  const control = await connect();
  try {
    await releaseUnit(control, unitId);
  } finally {
    control.close();
  }
}
