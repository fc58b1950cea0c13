import type { RecordingEvent, RecordingHead } from "./events.ts";

/**
 * A recording as text, a line each: of a terminal asciicast v2 (docs.asciinema.org), which players know; of a TCP stream
 * `{"at","from","data"}` with the bytes in base64. A gap is a marker.
 */
export async function* recordingLines(events: AsyncIterable<RecordingEvent>): AsyncGenerator<string> {
  let write: ((event: RecordingEvent) => object | undefined) | undefined;
  for await (const event of events) {
    if (event.kind === "head") {
      write = event.head.kind === "shell" ? castOf() : streamLine;
      yield `${JSON.stringify(event.head.kind === "shell" ? castHead(event.head) : event.head)}\n`;
    }
    const line = write?.(event);
    if (line) yield `${JSON.stringify(line)}\n`;
  }
}

function castHead({ rows = 24, columns = 80, startedAt, worker, user, id }: RecordingHead): object {
  const title = `${user.name} on ${worker.name} (${id})`;
  return { version: 2, width: columns, height: rows, timestamp: Math.floor(startedAt / 1_000), title };
}

/** What a terminal shows is text; a character may come in two chunks. */
function castOf(): (event: RecordingEvent) => object | undefined {
  const text = new TextDecoder();
  return (event) => {
    const at = event.at / 1_000;
    switch (event.kind) {
      case "output": {
        const shown = text.decode(event.bytes, { stream: true });
        return shown === "" ? undefined : [at, "o", shown];
      }
      case "size":
        return [at, "r", `${event.columns}x${event.rows}`];
      case "gap":
        return [at, "m", gapText(event.bytes)];
      case "head":
      case "input":
      case "end":
        return undefined;
    }
  };
}

function streamLine(event: RecordingEvent): object | undefined {
  const { at } = event;
  switch (event.kind) {
    case "output":
      return { at, from: "worker", data: Buffer.from(event.bytes).toString("base64") };
    case "input":
      return { at, from: "client", data: Buffer.from(event.bytes).toString("base64") };
    case "gap":
      return { at, gap: event.bytes };
    case "end":
      return { at, end: event.why };
    case "head":
    case "size":
      return undefined;
  }
}

const gapText = (bytes: number): string => `${bytes} bytes are missing here: they could not be written`;
