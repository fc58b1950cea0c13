import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshBuild } from "../kit/daemon.ts";
import { runProcess } from "../kit/processes.ts";
import { describeWithReceptorctl, pythonPath } from "../kit/receptorctl.ts";
import { roads, type Road, startWorker, type Worker } from "./worker.ts";

const workTypes = `
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: words, command: printf, params: "'<%s>'", allowruntimeparams: true}
`;

/** What one step of a conversation gave; see converse.py. */
interface Answer {
  readonly reply?: unknown;
  readonly error?: string;
  /** Connections made until then. */
  readonly connections: number;
}

describeWithReceptorctl("the Python library", () => {
  let worker: Worker;
  beforeAll(async () => {
    await freshBuild();
    worker = await startWorker(workTypes);
  });
  afterAll(() => worker[Symbol.asyncDispose]());

  async function converse(road: Road, steps: unknown[][]): Promise<Answer[]> {
    const { client, ...certificates } = worker.certificates;
    const tls = road === "tls" ? { rootcas: certificates.ca, key: client.key, cert: client.cert } : {};
    const input = JSON.stringify({ socket: worker.target(road).socket, tls, steps });
    const { code, stdout, stderr } = await runProcess(pythonPath ?? "", [join(import.meta.dirname, "converse.py")], {
      input,
    });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Answer[];
  }

  describe.each(roads)("over %s", (road) => {
    test("says hundreds of commands on one connection", async () => {
      const commands = ["status", "ping alpha", "work list", '{"command": "status", "requested_fields": ["NodeID"]}'];
      const answers = await converse(
        road,
        Array.from({ length: 400 }, (_, n) => ["command", commands[n % 4]]),
      );
      expect(answers).toHaveLength(400);
      expect(answers[3]).toEqual({ reply: { NodeID: "alpha" }, connections: 1 });
      expect(answers.filter(({ error, connections }) => error !== undefined || connections !== 1)).toEqual([]);
    });

    test("goes on with the same connection after errors, and submits on it", async () => {
      const answers = await converse(road, [
        ["command", "status"],
        ["command", "nosuch"],
        ["command", "work status nosuch"],
        ["submit", "nosuch", ""],
        ["submit", "words", "", { params: "höher" }],
        ["results", 0],
        ["command", "work status <unit>"],
        ["command", "work release <unit>"],
      ]);
      expect(answers).toMatchObject([
        { connections: 1 },
        { error: "Unknown command", connections: 1 },
        { error: "unknown work unit nosuch", connections: 1 },
        { error: "Failed to start work unit: unknown work type nosuch", connections: 1 },
        // Submit and results end their connection: the library makes a new one for what comes next.
        { reply: "Job Started", connections: 1 },
        { reply: Buffer.from("<höher>").toString("base64"), connections: 2 },
        { reply: { StateName: "Succeeded", StdoutSize: 8 }, connections: 3 },
        { reply: { released: expect.any(String) as string }, connections: 3 },
      ]);
    });

    test("sends and gets any bytes, from any start", async () => {
      const bytes = randomBytes(300_000);
      const [, whole, part, end, socket] = await converse(road, [
        ["submit-bytes", "cat", bytes.toString("base64")],
        ["results", 0],
        ["results", 123_456],
        ["results", 300_000],
        ["results-socket"],
      ]);
      expect(whole?.reply).toBe(bytes.toString("base64"));
      expect(part?.reply).toBe(bytes.subarray(123_456).toString("base64"));
      expect(end?.reply).toBe("");
      expect(socket?.reply).toBe(bytes.toString("base64"));
    });

    test("hears what is wrong with a request", async () => {
      const faults: [string, string][] = [
        ["status more", "status command does not take parameters"],
        ['{"command": "status", "requested_fields": [1]}', "each element of requested_fields must be a string"],
        ["ping", "no ping target"],
        ['{"command": "ping", "target": 1}', "ping target must be string"],
        ["traceroute", "no traceroute target"],
        ['{"command": "traceroute", "target": 1}', "traceroute target must be string"],
        ["connect", "no connect target"],
        ["connect alpha", "no connect target"],
        ["connect alpha control tls more", "too many parameters"],
        ['{"command": "connect"}', "no connect target node"],
        ['{"command": "connect", "node": "alpha"}', "no connect target service"],
        ["{}", "JSON did not contain a command"],
        ['{"command": 1}', "command must be a string"],
        ["work", "no work subcommand"],
        ["work nosuch", "bad command"],
        ['{"command": "work"}', "field subcommand missing"],
        ['{"command": "work", "subcommand": 1}', "field subcommand must be a string"],
        ["work submit localhost", "work submit requires a target node and work type"],
        ["work status", "work status requires a unit ID"],
        ["work cancel", "work cancel requires a unit ID"],
        ["work release a b", "work release does not take parameters after the unit ID"],
        ["work results", "work results requires a unit ID"],
        ["work results a 1 2", "work results only takes a unit ID and optional start position"],
        ['{"command": "work", "subcommand": "results", "unitid": "a"}', "field startpos missing"],
        ['{"command": "work", "subcommand": "status"}', "field unitid missing"],
      ];
      const answers = await converse(
        road,
        faults.map(([command]) => ["command", command]),
      );
      expect(answers).toEqual(faults.map(([, error]) => ({ error, connections: 1 })));
    });

    test("hears that a start position is no number", async () => {
      const [answer] = await converse(road, [["command", "work results a x"]]);
      expect(answer?.error).toContain("error converting start position to integer: ");
    });
  });
});
