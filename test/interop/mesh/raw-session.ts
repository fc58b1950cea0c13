import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { ProcessNode } from "../../kit/mesh.ts";

/** Send lines to a node's control service as they are, half-close, and give everything it answers after its banner. */
export async function ask(node: ProcessNode, ...lines: string[]): Promise<string[]> {
  const socket = connect({ path: node.socket, allowHalfOpen: true });
  socket.end(lines.map((line) => `${line}\n`).join(""));
  const answers = (await text(socket)).split("\n");
  return answers.slice(1, -1);
}

/** Begin a unit whose payload never comes to its end. Gives its id; the connection is the caller's. */
export async function beginUnit(node: ProcessNode, workType: string): Promise<{ id: string; socket: Socket }> {
  const socket = connect({ path: node.socket, allowHalfOpen: true });
  socket.on("error", () => {});
  socket.setEncoding("utf8").write(`work submit localhost ${workType}\n`);
  let said = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    said += chunk as string;
    const id = /with ID ([a-zA-Z0-9]+)\./.exec(said)?.[1];
    if (id !== undefined) return { id, socket };
  }
  throw new Error(`no unit was made: ${said}`);
}
