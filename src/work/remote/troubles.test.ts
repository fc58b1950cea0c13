import { beforeAll, expect, test } from "vitest";
import { ControlError } from "#control";
import { silentLog, systemClock } from "#core";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import { builtHelpers, shell } from "../../../test/kit/units.ts";
import { type MirrorContext, TwinLink } from "./mirror-context.ts";
import { Troubles } from "./troubles.ts";

beforeAll(builtHelpers);

test("note() ends a unit that is gone with the size of all that came, also of what is still being written", async () => {
  const mesh = new TestMesh();
  await using alpha = await openMeshNode(mesh, "alpha", { workTypes: [shell] });
  const unit = alpha.node.units.allocateRemote({ node: "beta", workType: "sh", params: {} });
  const link = new TwinLink(unit, { clock: systemClock, log: silentLog } as MirrorContext);
  const bytes = Buffer.alloc(64 * 1024 * 1024);
  await (await link.output()).append(bytes);
  const gone = new ControlError("REMOTE_ERROR", "unknown work unit x");
  expect(await new Troubles(link).note(gone)).toBe(true);
  expect(unit.status).toMatchObject({ State: 3, Cause: "REMOTE_GONE", StdoutSize: bytes.length });
});
