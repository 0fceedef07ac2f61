import type { StreamName } from '@keymux/contracts';
import {
  type Bus,
  BusUnavailable,
  CallFailed,
  type Calls,
  type Message,
  NoAnswer,
} from '../bus.ts';
import { frameOf, type HubFrame, type IpcPort, type WorkerFrame } from './frames.ts';

type FailedFrame = Pick<Extract<HubFrame, { kind: 'failed' | 'unanswered' }>, 'kind' | 'message'>;
type Failure = (failed: FailedFrame) => Error;

interface Pending {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (failed: FailedFrame) => void;
}

const gone: FailedFrame = { kind: 'unanswered', message: 'the connection to the bus is closed' };
const unavailable: Failure = ({ message }) => new BusUnavailable(message);
const callFailed: Failure = ({ kind, message }) =>
  kind === 'unanswered' ? new NoAnswer(message) : new CallFailed(message);

/** The bus as a process sees it that joined the hub over a port. It follows, publishes and calls; work queues are consumed where the hub is. */
export function connectIpcBus(port: IpcPort): { bus: Bus; calls: Calls } {
  const pending = new Map<number, Pending>();
  const followers = new Map<number, { hear: (message: Message) => void; missed: () => void }>();
  let lastId = 0;
  let closed = false;

  const send = (frame: WorkerFrame): void => port.send({ keymux_bus: frame });
  const close = (): Promise<void> => {
    closed = true;
    followers.clear();
    for (const each of pending.values()) each.reject(gone);
    pending.clear();
    return Promise.resolve();
  };
  port.onDisconnect(() => void close());
  port.onMessage((value) => {
    const frame = frameOf<HubFrame>(value);
    if (frame === null) return;
    if (frame.kind === 'message') {
      followers.get(frame.id)?.hear(frame.message);
      return;
    }
    if (frame.kind === 'missed') {
      followers.get(frame.id)?.missed();
      return;
    }
    const waiting = pending.get(frame.id);
    pending.delete(frame.id);
    if (frame.kind === 'done') waiting?.resolve(frame.reply);
    else waiting?.reject(frame);
  });

  // What waits holds nothing of the frame: a Map's outgrown tables live on for a while.
  const expect = (id: number, failure: Failure): Promise<unknown> =>
    new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject: (failed) => reject(failure(failed)) });
    });
  const ask = (frame: (id: number) => WorkerFrame, failure: Failure): Promise<unknown> => {
    if (closed) return Promise.reject(failure(gone));
    lastId += 1;
    const id = lastId;
    const reply = expect(id, failure);
    send(frame(id));
    return reply;
  };

  const bus: Bus = {
    publish: async (stream, message) => {
      await ask((id) => ({ kind: 'publish', id, stream, message }), unavailable);
    },
    consume: () => Promise.reject(new Error('work queues are consumed where the hub is')),
    follow: async (stream: StreamName, hear, missed = () => undefined) => {
      let followId = 0;
      await ask((id) => {
        followId = id;
        // Before the hub's answer, which messages may overtake.
        followers.set(id, { hear, missed });
        return { kind: 'follow', id, stream };
      }, unavailable);
      return {
        stop: () => {
          followers.delete(followId);
          if (!closed) send({ kind: 'unfollow', id: followId });
          return Promise.resolve();
        },
      };
    },
    close,
  };
  const calls: Calls = {
    call: (name, request, options) =>
      ask(
        (id) => ({ kind: 'call', id, name, request, timeoutMs: options?.timeoutMs ?? null }),
        callFailed,
      ),
    answer: () => {
      throw new Error('calls are answered where the hub is');
    },
    close,
  };
  return { bus, calls };
}
