import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { ResolvedTarget } from "../tool.ts";
import { connectTo } from "./connection.ts";
import { decodeAnswer, type DnsAnswer, type DnsQuestion, encodeQuestion } from "./dns-message.ts";

/** Ask over UDP. What comes from elsewhere, or answers something else, is passed over. @throws the reason of `signal` */
export async function askOverUdp(
  question: DnsQuestion,
  { address, port }: { readonly address: string; readonly port: number },
  signal: AbortSignal,
): Promise<DnsAnswer> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  try {
    socket.on("error", () => undefined);
    socket.connect(port, address);
    await once(socket, "connect", { signal });
    const answer = nextAnswer(socket, question, signal);
    socket.send(encodeQuestion(question));
    return await answer;
  } finally {
    socket.close();
  }
}

function nextAnswer(
  socket: ReturnType<typeof createSocket>,
  question: DnsQuestion,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    socket.on("error", (error) => reject(new Error("the name server does not listen there", { cause: error })));
    socket.on("message", (bytes) => {
      const answer = decodeAnswer(bytes, question);
      if (answer) resolve(answer);
    });
  });
}

/** Ask over TCP (RFC 7766). @throws Error when it hangs up before an answer. */
export async function askOverTcp(
  question: DnsQuestion,
  server: ResolvedTarget,
  port: number,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  const { socket } = await connectTo(server, port, signal);
  const abort = (): void => void socket.destroy();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const bytes = encodeQuestion(question);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    socket.write(Buffer.concat([length, bytes]));
    let got = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      got = Buffer.concat([got, chunk]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) continue;
      const answer = decodeAnswer(got.subarray(2, 2 + got.readUInt16BE(0)), question);
      if (answer) return answer;
      break;
    }
    signal.throwIfAborted();
    throw new Error("the name server gave no answer over TCP");
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}
