import { type Bus, type Calls, NoAnswer, type Subscription } from '../bus.ts';
import { frameOf, type HubFrame, type IpcPort, type WorkerFrame } from './frames.ts';

/**
 * Lets another process join the hub over a port. When the port closes, what it followed ends; what
 * it published and was not told about it publishes again.
 */
export function serveIpcBus(hub: { bus: Bus; calls: Calls }, port: IpcPort): void {
  const followed = new Map<number, Promise<Subscription>>();
  let connected = true;
  const send = (frame: HubFrame): void => {
    if (connected) port.send({ keymux_bus: frame });
  };
  const answer = (id: number, work: Promise<unknown>): void => {
    work.then(
      (reply) => send({ kind: 'done', id, reply }),
      (error: unknown) =>
        send({
          kind: error instanceof NoAnswer ? 'unanswered' : 'failed',
          id,
          message: error instanceof Error ? error.message : String(error),
        }),
    );
  };
  const stop = (subscription: Promise<Subscription>): void => {
    // One that was refused never began; the worker was told.
    void subscription.then(
      (begun) => begun.stop(),
      () => undefined,
    );
  };
  port.onMessage((value) => {
    const frame = frameOf<WorkerFrame>(value);
    if (frame === null) return;
    switch (frame.kind) {
      case 'publish':
        answer(frame.id, hub.bus.publish(frame.stream, frame.message));
        return;
      case 'follow': {
        const subscription = hub.bus.follow(
          frame.stream,
          (message) => send({ kind: 'message', id: frame.id, message }),
          () => send({ kind: 'missed', id: frame.id }),
        );
        followed.set(frame.id, subscription);
        answer(
          frame.id,
          subscription.then(() => null),
        );
        return;
      }
      case 'unfollow': {
        const subscription = followed.get(frame.id);
        followed.delete(frame.id);
        if (subscription !== undefined) stop(subscription);
        return;
      }
      case 'call':
        answer(
          frame.id,
          hub.calls.call(
            frame.name,
            frame.request,
            frame.timeoutMs === null ? {} : { timeoutMs: frame.timeoutMs },
          ),
        );
        return;
    }
  });
  port.onDisconnect(() => {
    connected = false;
    for (const subscription of followed.values()) stop(subscription);
    followed.clear();
  });
}
