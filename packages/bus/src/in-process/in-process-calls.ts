import { CallFailed, type Calls, NoAnswer } from '../bus.ts';
import { Deadlines, defaultCallTimeoutMs } from '../deadlines.ts';

type Answerer = (request: unknown) => Promise<unknown>;

/** Calls within one process; requests and replies are handed over as they are, never copied. */
export function createInProcessCalls(): Calls {
  const answerers = new Map<string, Answerer[]>();
  const deadlines = new Deadlines();
  let closed = false;

  // In turn, as replicas of a service would.
  const nextAnswerer = (name: string): Answerer | undefined => {
    const all = answerers.get(name);
    const next = all?.shift();
    if (next !== undefined) all?.push(next);
    return next;
  };
  const failure = (name: string, cause: unknown): CallFailed => {
    if (cause instanceof NoAnswer) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    return new CallFailed(`${name}: ${message}`, { cause });
  };

  return {
    call: (name, request, { timeoutMs = defaultCallTimeoutMs } = {}) => {
      const answerer = nextAnswerer(name);
      if (closed || answerer === undefined) {
        return Promise.reject(
          new NoAnswer(closed ? 'the bus is closed' : `nobody answers ${name}`),
        );
      }
      const work = (async () => answerer(request))().catch((error: unknown) => {
        throw failure(name, error);
      });
      return deadlines.race(
        work,
        timeoutMs,
        () => new NoAnswer(`${name} was not answered in ${timeoutMs} ms`),
      );
    },
    answer: (name, handler) => {
      // Wrapped, so that the same function may answer twice.
      const answerer: Answerer = (request) => handler(request);
      const all = answerers.get(name) ?? [];
      answerers.set(name, all);
      all.push(answerer);
      return {
        stop: () => {
          const at = all.indexOf(answerer);
          if (at !== -1) all.splice(at, 1);
          return Promise.resolve();
        },
      };
    },
    close: () => {
      closed = true;
      answerers.clear();
      deadlines.endAll(new NoAnswer('the bus is closed'));
      return Promise.resolve();
    },
  } satisfies Calls;
}
