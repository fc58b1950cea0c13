import { expect, test } from "vitest";
import { coloursFor } from "../colours.ts";
import { enrolmentsTable, sessionsTable } from "./people-text.ts";

const now = 1_790_000_000_000;
const minuteMs = 60_000;
const look = { colours: coloursFor(false, {}), columns: undefined };
const uuid = "3f0d2c5e-6b1a-4c57-9a53-0f6f3f7e9b21";

test("sessions fit into 100 columns, with all of their ids and sources", () => {
  const session = {
    ...{ id: uuid, current: true, createdAt: now - 90 * minuteMs, usedAt: now - 400, expiresAt: now + 630 * minuteMs },
    ...{ source: "192.168.100.200", client: "farhand/0.1.0" },
  };
  const lines = sessionsTable([session, { ...session, usedAt: now - 25 * minuteMs, expiresAt: now }], now, look);
  expect(lines).toEqual([
    "ID                                      BEGUN   USED     LEFT  FROM             CLIENT",
    `${uuid} *  1h ago  now      10h   192.168.100.200  farhand/0.1.0`,
    `${uuid} *  1h ago  25m ago  over  192.168.100.200  farhand/0.1.0`,
  ]);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
});

test("enrolment tokens fit into 100 columns, with the worker that came by one", () => {
  const made = { id: "en-0123456789ab", name: "shed-*", labels: { site: "a" }, createdAt: now - 3 * 1_440 * minuteMs };
  const used = { ...made, expiresAt: now - minuteMs, usedAt: now - 2 * 1_440 * minuteMs, usedBy: uuid, uses: 12 };
  const lines = enrolmentsTable(
    [used, { ...made, expiresAt: now + 30 * minuteMs, usedAt: null, usedBy: null, uses: 0 }],
    now,
    look,
  );
  expect(lines).toEqual([
    "ID               NAME    LABELS  MADE    LEFT  USES  USED    BY",
    `en-0123456789ab  shed-*  site=a  3d ago  over  12    2d ago  ${uuid}`,
    "en-0123456789ab  shed-*  site=a  3d ago  30m   0     -       -",
  ]);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
});
