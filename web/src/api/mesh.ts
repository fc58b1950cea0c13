import type { MeshMap } from "#server/wire";
import { get } from "./request.ts";

/** The mesh as the server's node knows it now, of what the reader may see. */
export const readMesh = (signal: AbortSignal): Promise<MeshMap> => get("mesh", signal);
