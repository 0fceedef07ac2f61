import type { Calls, Subscription } from '@keymux/bus';
import type { CallTable } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SharedLimits } from '../coordination.ts';
import { createSteadyLimits } from '../fallback/limits.ts';
import type { Limits, LimitTimes } from '../limits.ts';
import { Reach } from '../reach.ts';

/** Longest wait for an answer, ms: the other process may be busy with an import. */
const defaultAnswerMs = 2_000;
const pingEveryMs = 5_000;

const Uses = Type.Array(
  Type.Object({ space: Type.String(), name: Type.String(), use: Type.String() }),
);
const isUses = Compile(Uses);
const isRequest = Compile(
  Type.Object({
    space: Type.String(),
    names: Type.Array(Type.String()),
    allowance: Type.Object({ perMinute: Type.Integer(), atOnce: Type.Integer() }),
    use: Type.String(),
  }),
);
const Refused = Type.Union([
  Type.Object({
    name: Type.String(),
    why: Type.Literal('per-minute'),
    waitMs: Type.Number(),
  }),
  Type.Object({ name: Type.String(), why: Type.Literal('at-once') }),
]);
const isAnswer = Compile(
  Type.Object({
    granted: Type.Union([Type.String(), Type.Null()]),
    refused: Type.Array(Refused),
  }),
);

/** Answers the calls of other processes with this one's limits. */
export function answerLimits({ calls, limits }: { calls: Calls; limits: Limits }): Subscription {
  const checkedUses = (request: unknown) => {
    if (!isUses.Check(request)) throw new Error('the request is unreadable');
    return request;
  };
  const answers = [
    calls.answer('limits.take', async (request) => {
      if (!isRequest.Check(request)) throw new Error('the request is unreadable');
      return limits.take(request);
    }),
    calls.answer('limits.keep', async (request) => limits.keep(checkedUses(request))),
    calls.answer('limits.end', async (request) => {
      await Promise.all(checkedUses(request).map((use) => limits.end(use)));
    }),
  ];
  return {
    async stop() {
      await Promise.all(answers.map((each) => each.stop()));
    },
  };
}

/** The limits of the process that answers the calls; while it does not, this process counts on its own. */
export function createLimitsOverCalls({
  calls,
  log,
  answerMs = defaultAnswerMs,
  ...times
}: LimitTimes & {
  readonly calls: Calls;
  readonly log: Logger;
  readonly answerMs?: number;
}): SharedLimits {
  const reach = new Reach({
    ping: () => call('limits.keep', []),
    timeoutMs: answerMs,
    everyMs: pingEveryMs,
    changed: (reached, why) => {
      if (!reached) log.warn({ err: why }, 'limits are not answered: this gateway counts alone');
    },
  });
  const call = <Name extends 'limits.take' | 'limits.keep' | 'limits.end'>(
    name: Name,
    request: CallTable[Name]['request'],
  ): Promise<unknown> => calls.call(name, request, { timeoutMs: answerMs });
  const shared: Limits = {
    take: async (request) => {
      const answer = await reach.ask(() => call('limits.take', request));
      if (!isAnswer.Check(answer)) throw new Error('the answer to limits.take is unreadable');
      return answer;
    },
    keep: async (uses) => void (await reach.ask(() => call('limits.keep', uses))),
    end: async (use) => void (await reach.ask(() => call('limits.end', [use]))),
  };
  return {
    name: 'coordination',
    limits: createSteadyLimits({ ...times, shared }),
    get shared() {
      return reach.reached;
    },
    async start() {
      await reach.start();
      if (reach.reached) return;
      log.warn('no REDIS_DSN, and nobody else keeps limits: this gateway counts them alone');
    },
    stop: () => Promise.resolve(reach.stop()),
  };
}
