import { isIP } from "node:net";
import { describe, expect } from "vitest";
import { fuzz, piecesOf, refusedOr } from "../../../test/kit/fuzz.ts";
import { allTools } from "../all-tools.ts";
import { defaultBudget } from "../budget.ts";
import { checkRun } from "../check-run.ts";
import { ToolError } from "../errors.ts";
import type { ToolPolicy } from "../wire.ts";
import { PacketCutter } from "./whole-packets.ts";

const policy: ToolPolicy = {
  targets: ["private", "*.example.org"],
  interfaces: ["eth0"],
  filters: { allow: "any", named: { dns: "udp port 53" }, required: "not port 22" },
  budget: defaultBudget,
};

describe.concurrent("hostile submitters", () => {
  fuzz(
    "get no more than a refusal, or what the worker allows",
    {
      samples: [
        '{"filter":"udp port 53 and (host 10.0.0.1)","interface":"eth0","seconds":10,"packets":5}',
        '{"target":"10.0.0.1"}',
        '{"targets":["10.0.0.0/28","db.example.org"],"ports":"1-1024"}',
        '{"host":"db.example.org","port":443}',
      ],
      splinters: ["127.0.0.1", "169.254.169.254", "/0", ") or (", "--", "-z", "any", "@dns", "::ffff:", "\\n"],
    },
    {
      checkRun: (bytes) => {
        for (const tool of allTools) {
          const run = refusedOr(
            () => checkRun(tool, bytes.toString("utf8"), policy),
            (error) => error instanceof ToolError,
          );
          if (!run) continue;
          expect(run.filter === "" || run.filter.startsWith("(not port 22)") || run.filter === "not port 22").toBe(
            true,
          );
          expect(["", "eth0"]).toContain(run.interface);
          expect(run.budget.packets).toBeLessThanOrEqual(policy.budget.packets);
          // What is no address is a name, and judged by the addresses that it turns out to have.
          expect(run.hosts.filter((host) => isIP(host) !== 0 && /^(127\.|169\.254\.)/.test(host))).toEqual([]);
        }
      },
    },
  );
});

const pcap = Buffer.from(
  "d4c3b2a1020004000000000000000000ffff000001000000" + "00000000000000000400000004000000deadbeef".repeat(3),
  "hex",
);

describe.concurrent("hostile output of tcpdump", () => {
  fuzz(
    "is never stored beyond the budget",
    { samples: [pcap], splinters: ["\xa1\xb2\xc3\xd4", "\x00\x00\x04\x00", "\xff\xff\xff\x7f"] },
    {
      PacketCutter: (bytes, random) => {
        const cutter = new PacketCutter({ packets: 2, bytes: 80 });
        let stored = 0;
        for (const piece of piecesOf(bytes, random)) {
          const cut = refusedOr(
            () => cutter.take(piece),
            (error) => error instanceof RangeError,
          );
          stored += cut?.piece.length ?? 0;
          if (!cut || cut.full !== undefined) break;
        }
        expect(stored).toBeLessThanOrEqual(80);
      },
    },
  );
});
