import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { httpManagement, httpOpen, httpSocket, managementService, type PageHead, sayWords } from "#fleet";
import { askPage, headOf } from "./ask-page.ts";
import { type HttpServices, placeOf } from "./http-place.ts";
import type { OwnPages } from "./own-pages.ts";
import { joinSocket, openSocket } from "./page-socket.ts";
import { sayFault, type ServedStream, serveStream } from "./stream-methods.ts";

export interface HttpStreamsOptions {
  /** Those that the configuration names now. */
  readonly services: () => HttpServices;
  /** The worker's own. */
  readonly pages: OwnPages;
}

/** Pages over streams: each request is one, each WebSocket too. */
export function httpStreams({ services, pages }: HttpStreamsOptions): ServedStream[] {
  return [
    serveStream(httpOpen, async (wanted, { stream, answer }, { caller, signal }) => {
      const { service } = wanted;
      const place = placeOf(services(), service, caller);
      answer({ service });
      await inTwoAnswers(stream, async (say) => {
        const page = await askPage(place, wanted, bodyOf(stream), signal);
        say(headOf(page));
        // What breaks off here breaks the stream: whoever reads must not take it for whole.
        await pipeline(page, stream, { signal });
      });
    }),
    serveStream(httpManagement, async (wanted, { stream, answer }, { caller, signal }) => {
      answer({ service: managementService });
      await inTwoAnswers(stream, async (say) => {
        const { head, text } = await pages.answer(wanted, bodyOf(stream), caller, signal);
        say(head);
        stream.end(text);
      });
    }),
    serveStream(httpSocket, async ({ service, path, protocol }, { stream, answer }, { caller, signal }) => {
      const place = placeOf(services(), service, caller);
      const socket = await openSocket(place, path, protocol, signal);
      answer({ service, ...(protocol !== undefined && { protocol }) });
      await joinSocket(socket, stream);
    }),
  ];
}

/** Before the second answer a failure is said in its place; behind it there is only breaking off. */
async function inTwoAnswers(stream: Duplex, serve: (say: (head: PageHead) => void) => Promise<void>): Promise<void> {
  let isSaid = false;
  try {
    await serve((head) => {
      isSaid = true;
      sayWords(stream, { result: head });
    });
  } catch (error) {
    if (isSaid) throw error;
    sayFault(stream, error);
  }
}

function bodyOf(stream: Duplex): AsyncIterable<Uint8Array> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}
