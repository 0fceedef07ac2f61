import type { Operation } from '@keymux/contracts';
import express, { type Express, type Request, type Response, type Router } from 'express';
import { Type, type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { AdminAuth, Identity } from './admin-auth.ts';
import { newId, timeOfId } from './ids.ts';
import type { Logger } from './logger.ts';
import { createMatcher } from './operation-match.ts';
import { problem, sendProblem, type Problem } from './problem.ts';
import { checkReply, sendReply, type Reply } from './reply.ts';
import { readBody } from './request-body.ts';
import { coerceTexts } from './request-query.ts';
import { isFromOwnPages } from './same-origin.ts';
import { explainErrors } from './schema-errors.ts';

type StaticOr<S, Otherwise> = S extends TSchema ? Static<S> : Otherwise;
type NoFields = Record<string, never>;
type ParamsOf<O> = O extends { params: infer S } ? StaticOr<S, NoFields> : NoFields;
type QueryOf<O> = O extends { query: infer S } ? StaticOr<S, NoFields> : NoFields;
type JsonOf<B> = B extends { json: infer S } ? StaticOr<S, never> : never;
type TextOf<B> = B extends { text: true } ? string : never;
type BodyOf<O> = O extends { body: infer B }
  ? B extends { json: unknown } | { text: true }
    ? JsonOf<B> | TextOf<B>
    : undefined
  : undefined;

/** What a handler gets: everything checked against the operation's schemas. */
export interface HandlerInput<O extends Operation = Operation> {
  params: ParamsOf<O>;
  query: QueryOf<O>;
  body: BodyOf<O>;
  identity: Identity;
  /** `key`, `session:<id>`, or `anonymous` where the operation needs no login. */
  actor: string;
  /** The revision in `If-Match`. */
  ifMatch?: number;
  req: Request;
  res: Response;
  /** Aborts when the client goes away before it was answered. */
  signal: AbortSignal;
}

/** Answers one operation. An expected failure is a {@link Problem}; what it throws is a 500 and an ERROR in the log, unless it passes by itself. */
export type Handler<O extends Operation = Operation> = (input: HandlerInput<O>) => Promise<Reply>;

/** One handler for each operation of a table. */
export type Handlers<Ops extends Readonly<Record<string, Operation>>> = {
  readonly [Name in keyof Ops]: Handler<Ops[Name]>;
};

/** Parts and limits of an admin router. */
export interface AdminRouterOptions<Ops extends Readonly<Record<string, Operation>>> {
  operations: Ops;
  handlers: Handlers<Ops>;
  auth: AdminAuth;
  log: Logger;
  /** Of a JSON or text body; what handlers read themselves they bound themselves. Default 1 MiB. */
  maxBodyBytes?: number;
  /** Origins of consoles elsewhere that may use the session cookie. */
  trustedOrigins?: readonly string[];
  /** True for a failure that passes by itself: such a request is a 503 and a WARN. */
  isPassing?: (error: unknown) => boolean;
  /** For tests: a reply that does not fit its schema becomes a 500 that says why. */
  checkResponses?: boolean;
}

interface Checks {
  params: Check;
  query: Check;
  json: Check;
}
type Check = (value: unknown) => Problem | undefined;

const retryAfterSeconds = '1';
const nothing = Type.Object({}, { additionalProperties: false });

function compileCheck(schema: TSchema, root: string, noun: string): Check {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return undefined;
    return problem('invalid', { errors: explainErrors(schema, value, { root, noun }) });
  };
}

function compileChecks(operation: Operation): Checks {
  return {
    params: compileCheck(operation.params ?? Type.Object({}), 'path', 'parameter'),
    query: compileCheck(operation.query ?? nothing, 'query', 'parameter'),
    json: compileCheck(operation.body?.json ?? Type.Unknown(), 'body', 'field'),
  };
}

function readIfMatch(header: string | undefined): number | undefined | Problem {
  if (header === undefined || header === '*') return undefined;
  const revision = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header.trim())?.[1];
  if (revision !== undefined) return Number(revision);
  const errors = [{ field: 'If-Match', message: 'must be a revision number' }];
  return problem('invalid', { errors });
}

function admit(
  req: Request,
  operation: Operation,
  identity: Identity,
  trustedOrigins: readonly string[],
): Problem | undefined {
  if (operation.auth === 'none') return undefined;
  if (identity.kind === 'anonymous') {
    return problem('not_logged_in', { headers: { 'www-authenticate': 'Bearer' } });
  }
  const changes = req.method !== 'GET' && req.method !== 'HEAD';
  if (identity.via === 'session' && changes && !isFromOwnPages(req, trustedOrigins)) {
    return problem('cross_site');
  }
  return undefined;
}

function signalOf(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

// Accepts the edge's id, so that one id leads through all logs; anybody else's must at least look like one.
function giveRequestId(req: Request, res: Response): string {
  const given = res.getHeader('x-request-id') ?? req.headers['x-request-id'];
  const id = typeof given === 'string' && timeOfId(given) !== undefined ? given : newId();
  res.setHeader('x-request-id', id);
  return id;
}

/**
 * Makes the routes of a table of operations: finds the operation (404 and 405), admits (401, 403), reads and checks the
 * path, the query and the body (400, 413, 415, 422), and sends what the handler replies. A path outside the table goes
 * on to the next router; all methods of one path must be in the same table.
 */
export function createAdminRouter<const Ops extends Readonly<Record<string, Operation>>>(
  options: AdminRouterOptions<Ops>,
): Router {
  const { operations, auth, log, maxBodyBytes = 1024 * 1024, trustedOrigins = [] } = options;
  const match = createMatcher(operations);
  const checks = new Map(
    Object.entries(operations).map(([name, operation]) => [name, compileChecks(operation)]),
  );
  // The table and its handlers have the same names and fitting types, which Handlers checks for the caller.
  const handlers = new Map(Object.entries<Handler<never>>(options.handlers));

  async function answer(req: Request, res: Response, name: string, raw: Record<string, string>) {
    const operation = operations[name];
    const check = checks.get(name);
    const handler = handlers.get(name);
    if (operation === undefined || check === undefined || handler === undefined) {
      throw new Error(`no handler for ${name}`);
    }
    const identity = auth.verify(req.headers);
    const refused = admit(req, operation, identity, trustedOrigins);
    if (refused !== undefined) return refused;
    const params = coerceTexts(operation.params, Object.entries(raw)).values;
    if (check.params(params) !== undefined) return problem('not_found');
    const query = coerceTexts(operation.query, new URL(req.url, 'http://x').searchParams);
    if (query.errors.length > 0) return problem('invalid', { errors: query.errors });
    const ifMatch = readIfMatch(req.headers['if-match']);
    if (typeof ifMatch === 'object') return ifMatch;
    const wrongQuery = check.query(query.values);
    if (wrongQuery !== undefined) return wrongQuery;
    const body = await readBody(req, operation.body, maxBodyBytes);
    if (body.kind === 'gone') return 'handled';
    if (body.kind === 'problem') return body;
    const wrongBody = body.kind === 'json' ? check.json(body.value) : undefined;
    if (wrongBody !== undefined) return wrongBody;
    const input = {
      params,
      query: query.values,
      body: body.value,
      identity,
      actor: identity.kind === 'admin' ? identity.actor : 'anonymous',
      ...(ifMatch === undefined ? {} : { ifMatch }),
      req,
      res,
      signal: signalOf(res),
    };
    const reply: Reply = await handler(input as never);
    if (options.checkResponses === true) checkReply(operation, reply);
    return reply;
  }

  const router = express.Router();
  router.use(async (req, res, next) => {
    const found = match(req.method, req.path);
    switch (found.kind) {
      case 'unknown':
        return next();
      case 'malformed':
        giveRequestId(req, res);
        return sendProblem(res, problem('malformed_request'));
      case 'method': {
        giveRequestId(req, res);
        const headers = { allow: found.allow.join(', ') };
        return sendProblem(res, problem('method_not_allowed', { headers }));
      }
      case 'operation': {
        const requestId = giveRequestId(req, res);
        try {
          const reply = await answer(req, res, found.name, found.params);
          sendReply(res, found.operation, reply);
        } catch (error) {
          if (options.isPassing?.(error) === true) deferWith(res, error, { log, requestId });
          else failWith(res, error, { log, requestId, tell: options.checkResponses === true });
        }
        return undefined;
      }
      default:
        return found satisfies never;
    }
  });
  return router;
}

function deferWith(
  res: Response,
  error: unknown,
  { log, requestId }: { log: Logger; requestId: string },
): void {
  const why = error instanceof Error ? error.message : String(error);
  log.warn({ why, request_id: requestId }, 'an admin request cannot be answered now');
  if (res.headersSent) res.destroy();
  else sendProblem(res, problem('unavailable', { headers: { 'retry-after': retryAfterSeconds } }));
}

function failWith(
  res: Response,
  error: unknown,
  { log, requestId, tell }: { log: Logger; requestId: string; tell: boolean },
): void {
  log.error({ err: error, request_id: requestId }, 'an admin request failed');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const detail = tell && error instanceof Error ? { detail: error.message } : {};
  sendProblem(res, problem('internal', detail));
}

/** Makes one application of the routers of several services; what none of them knows is a 404. */
export function createAdminApp(routers: readonly Router[], { log }: { log: Logger }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((req, res, next) => {
    giveRequestId(req, res);
    next();
  });
  for (const router of routers) app.use(router);
  app.use((_req: Request, res: Response) => sendProblem(res, problem('not_found')));
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => {
    failWith(res, error, { log, requestId: giveRequestId(req, res), tell: false });
  });
  return app;
}
