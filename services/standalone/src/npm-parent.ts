import type { Service } from '@keymux/service';

const lookMs = 500;

/**
 * Ends this process in order when the npm that runs it as this script is gone. npm hands a signal to the shell that it runs a script in, and a shell
 * such as dash ends of it without handing it on: the product would run on with nobody to end it, and keep its port.
 */
export function createNpmParent(script: string): Service {
  let timer: NodeJS.Timeout | undefined;
  const parent = process.ppid;
  return {
    name: 'npm',
    start: () => {
      if (process.env['npm_lifecycle_event'] !== script) return Promise.resolve();
      timer = setInterval(() => {
        if (process.ppid === parent) return;
        clearInterval(timer);
        process.kill(process.pid, 'SIGTERM');
      }, lookMs);
      return Promise.resolve();
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
