import { expect, test } from "vitest";
import { silentLog } from "#core";
import { liveLog } from "./live-log.ts";

test("a log is written another way from one line to the next, and opened anew only when something differs (CAT-5)", async () => {
  const lines: string[] = [];
  const opened: string[] = [];
  const log = await liveLog({ level: "info", format: "json" }, async (level, format) => {
    opened.push(`${level} ${format}`);
    return { ...silentLog, info: (text) => void lines.push(`${format}: ${text}`) };
  });
  log.info("one");
  await log.become({ level: "info", format: "json" });
  await log.become({ level: "debug", format: "receptor" });
  log.info("two");
  expect(lines).toEqual(["json: one", "receptor: two"]);
  expect(opened).toEqual(["info json", "debug receptor"]);
});
