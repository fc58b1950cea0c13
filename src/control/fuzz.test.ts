import { buffer } from "node:stream/consumers";
import { expect } from "vitest";
import { LineReader } from "#core";
import { duplexPair } from "../../test/kit/cable.ts";
import { command } from "../../test/kit/control-service.ts";
import { fuzz, piecesOf, type Random } from "../../test/kit/fuzz.ts";
import { type ControlClient, controlOver } from "./client.ts";
import { ControlError } from "./errors.ts";
import { openControlListener } from "./listener.ts";
import { bannerOf, errorLine, messageOfErrorLine, nodeIdOfBanner, parseRequest, requestText } from "./wire.ts";

const lineBytes = 1000;
const commands = [
  command("echo", async (request) => request),
  command("payload", async (_request, session) => {
    let bytes = 0;
    for await (const chunk of session.payload()) bytes += chunk.length;
    return { bytes };
  }),
  command("raw", async (_request, session) => {
    await session.write(Buffer.from("raw bytes"));
    return "close";
  }),
];
const complaints: string[] = [];
const say = (message: string): void => void complaints.push(message);
const listener = await openControlListener({
  ...{ nodeId: "alpha", commands, log: { warn: say, error: say }, onMesh: true },
  limits: { lineBytes, jsonDepth: 10 },
});

async function sendInPieces(stream: NodeJS.WritableStream, bytes: Buffer, random: Random): Promise<void> {
  for (const piece of piecesOf(bytes, random)) stream.write(piece);
  stream.end();
}

/** A session that is told the bytes answers with lines and ends. */
async function servesAClient(bytes: Buffer, random: Random): Promise<void> {
  const [near, far] = duplexPair();
  near.on("error", () => {});
  listener.serve(far, "mesh", "stranger");
  const answered = buffer(near);
  await sendInPieces(near, bytes, random);
  const [banner, ...answers] = (await answered).toString().split("\n").slice(0, -1);
  expect(banner).toBe("Receptor Control, node alpha");
  for (const line of answers) expect(line.startsWith("{") || line.startsWith("ERROR: ")).toBe(true);
  expect(complaints).toEqual([]);
}

/** A client whose server says the bytes has an answer or a refusal to everything it asks. */
async function asksAServer(bytes: Buffer, random: Random): Promise<void> {
  const [near, far] = duplexPair();
  for (const end of [near, far]) end.on("error", () => {});
  far.resume();
  if (random(4) !== 0) far.write("Receptor Control, node alpha\n");
  await sendInPieces(far, bytes, random);
  let client: ControlClient | undefined;
  try {
    const opened = await controlOver(near, "fuzz", { replyBytes: 1000 });
    client = opened;
    const asked = [() => opened.call("status"), () => opened.callLine("status"), () => opened.readJson()];
    for (let count = random(4); count > 0; count--) await asked[random(asked.length)]?.();
    for await (const chunk of opened.bytes()) expect(chunk.length).toBeGreaterThan(0);
  } catch (error) {
    expect(error).toBeInstanceOf(ControlError);
  } finally {
    client?.close();
    near.destroy();
    far.destroy();
  }
}

const corpus = {
  samples: [
    "Receptor Control, node alpha\n",
    "echo hello\r\necho again\n",
    "payload\n",
    "raw\n",
    '{"command":"echo","a":[1,2,{"b":null}],"c":"\\u00e9\\n"}\n',
    '{"unitid":"abc"}\nWork unit created with ID abc.\nERROR: no\n',
  ],
  splinters: ["{", "[[[[", '"command":', "ECHO ", "ERROR: ", "\n\n", "\r\n", "ſ"],
};

fuzz("nothing that comes over a control connection does harm", corpus, {
  lines: (bytes, random) => {
    const reader = new LineReader(lineBytes);
    const lines: string[] = [];
    for (const piece of piecesOf(bytes, random)) {
      reader.push(piece);
      for (let line = reader.next(); line; line = reader.next()) lines.push(line.toString("latin1"));
    }
    const all = bytes.toString("latin1").split("\n");
    const firstTooLong = all.findIndex((line) => line.length > lineBytes);
    expect(lines).toEqual(all.slice(0, firstTooLong === -1 ? -1 : firstTooLong));
    expect(reader.tooLong).toBe(firstTooLong !== -1);
  },
  request: (bytes) => {
    for (const line of bytes.toString().split("\n")) {
      const parsed = parseRequest(requestText(line), 10);
      if (parsed.kind === "json") expect(typeof parsed.request["command"]).toBe("string");
      else if (parsed.kind === "fault") expect(errorLine(parsed.message)).not.toMatch(/[\r\n]/);
    }
  },
  answer: (bytes) => {
    const [line = ""] = bytes.toString().split("\n");
    const nodeId = nodeIdOfBanner(line);
    if (nodeId !== undefined) expect(nodeIdOfBanner(bannerOf(nodeId))).toBe(nodeId);
    expect(messageOfErrorLine(errorLine(bytes.toString()))).toBeDefined();
  },
  session: servesAClient,
  client: asksAServer,
});
