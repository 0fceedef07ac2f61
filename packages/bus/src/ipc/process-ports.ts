import type { ChildProcess } from 'node:child_process';
import type { IpcPort } from './frames.ts';

/** The parent's end of the channel to a child. A message to a child that is gone is gone with it. */
export function portToChild(child: Pick<ChildProcess, 'send' | 'on' | 'connected'>): IpcPort {
  return {
    send: (value) => {
      if (child.connected && typeof value === 'object' && value !== null)
        child.send(value, ignoreGone);
    },
    onMessage: (handler) => void child.on('message', handler),
    onDisconnect: (handler) => void child.on('disconnect', handler),
  };
}

/** The child's end of the channel to its parent. */
export function portToParent(child: NodeJS.Process): IpcPort {
  return {
    send: (value) => {
      if (child.connected) child.send?.(value, undefined, undefined, ignoreGone);
    },
    onMessage: (handler) => void child.on('message', handler),
    onDisconnect: (handler) => void child.on('disconnect', handler),
  };
}

// The end of the other process is told by `disconnect`; a send that crosses it fails with no news.
function ignoreGone(): void {}
