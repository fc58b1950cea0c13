import type { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import multipart from "@fastify/multipart";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import websocket from "@fastify/websocket";
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
} from "fastify";
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { ApiLimits } from "./limits.ts";

export type { FastifyReply as Reply, FastifyRequest as Request } from "fastify";
export type App = FastifyInstance;

export interface AppOptions {
  readonly server: Server;
  /** Where `upgrade` events come from. */
  readonly upgrades: EventEmitter;
  /** Gets what answers requests. */
  readonly serve: (handler: (request: IncomingMessage, response: ServerResponse) => void) => void;
  readonly limits: ApiLimits;
  readonly version: string;
  readonly secure: boolean;
  readonly parseJson: (body: Uint8Array) => unknown;
  /** What requests of one sender are counted under. */
  readonly addressKey: (request: FastifyRequest) => string;
  readonly userKey: (request: FastifyRequest) => string;
  readonly failed: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
  readonly notFound: () => Error;
}

/** Fastify with its plugins, as we use it. */
export interface OpenApp {
  readonly app: App;
  /** @returns for how long the sender is to wait, 0: not at all. */
  readonly overAddressLimit: (request: FastifyRequest) => Promise<number>;
  readonly overUserLimit: (request: FastifyRequest) => Promise<number>;
}

type Factories = NonNullable<FastifyServerOptions["schemaController"]>["compilersFactory"];

/** Given at the start, so that Fastify does not even load its own. It has them typed by those. */
const compilersFactory = {
  buildValidator: () => validatorCompiler,
  buildSerializer: () => serializerCompiler,
} as unknown as NonNullable<Factories>;

/** The only file that knows Fastify. Routes are added before `ready()`. */
export async function openFastify(options: AppOptions): Promise<OpenApp> {
  const { limits, failed, notFound } = options;
  const app = fastify({
    serverFactory: (handler) => {
      options.serve(handler);
      return options.server;
    },
    // The entry answers what cannot be parsed.
    clientErrorHandler: () => {},
    frameworkErrors: (error, request, reply) => failed(error, request as FastifyRequest, reply as FastifyReply),
    schemaController: { compilersFactory },
    bodyLimit: limits.bodyBytes,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 300 },
  }) as unknown as FastifyInstance;
  app.setErrorHandler((error, request, reply) => failed(error, request, reply));
  app.setNotFoundHandler((request, reply) => failed(notFound(), request, reply));
  await addParsers(app, options);
  await addPlugins(app, options);
  return { app, ...limiters(app, options) };
}

async function addParsers(app: App, { limits, parseJson }: AppOptions): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  const { bodyBytes: fieldSize, payloadBytes: fileSize } = limits;
  await app.register(multipart, {
    limits: { fieldNameSize: 100, fieldSize, fields: 1, fileSize, files: 1, parts: 2, headerPairs: 20 },
  });
}

/** In this scope bodies are of any type, and nobody reads them. */
export function takeAnyBody(scope: App): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _body, done) => done(null));
}

async function addPlugins(app: App, { secure, upgrades, limits, version }: AppOptions): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
    },
    xFrameOptions: { action: "deny" },
    // Other names of the domain are none of ours.
    strictTransportSecurity: secure && { includeSubDomains: false },
  });
  await app.register(cookie);
  await app.register(rateLimit, { global: false, cache: 20_000 });
  await app.register(websocket, {
    options: {
      // It listens for upgrades there, and needs nothing else of a server.
      server: upgrades as unknown as Server,
      maxPayload: limits.bodyBytes,
      perMessageDeflate: false,
    },
    preClose(done) {
      for (const client of this.websocketServer.clients) client.terminate();
      upgrades.removeAllListeners("upgrade");
      this.websocketServer.close(() => done());
    },
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Farhand", version },
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", description: "token of a session or of the API" },
          cookie: { type: "apiKey", in: "cookie", name: "farhand_session" },
        },
      },
    },
    transform: jsonSchemaTransform,
  });
}

function limiters(app: App, { limits, addressKey, userKey }: AppOptions) {
  const limiter = (kind: string, max: number, key: AppOptions["userKey"]) => {
    const check = app.createRateLimit({
      max,
      timeWindow: 60_000,
      keyGenerator: (request) => `${kind}:${key(request)}`,
    });
    return async (request: FastifyRequest): Promise<number> => {
      const counted = await check(request);
      return !counted.isAllowed && counted.isExceeded ? counted.ttl : 0;
    };
  };
  return {
    overAddressLimit: limiter("address", limits.perAddress, addressKey),
    overUserLimit: limiter("user", limits.perUser, userKey),
  };
}
