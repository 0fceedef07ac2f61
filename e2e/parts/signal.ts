import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/**
 * Sends a signal to a process. SIGSTOP resolves when none of its threads runs any more, since the
 * kernel stops them one after the other; SIGCONT at once; any other when `ended` does.
 */
export async function signal(
  child: ChildProcess,
  name: NodeJS.Signals,
  ended: Promise<unknown>,
): Promise<void> {
  child.kill(name);
  if (name === 'SIGCONT') return;
  if (name !== 'SIGSTOP') await ended;
  else while (child.pid !== undefined && runs(child.pid)) await setTimeout(1);
}

// proc(5). Other systems than Linux have no such folder, and the threads are not waited for.
function runs(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  return existsSync(threads) && readdirSync(threads).some((id) => threadRuns(`${threads}/${id}`));
}

function threadRuns(thread: string): boolean {
  try {
    const stat = readFileSync(`${thread}/stat`, 'utf8');
    // The state follows the name in parentheses, which may hold any.
    return !/^[TtZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // It ended since the folder was read: the next look has no such thread.
    if (code === 'ENOENT' || code === 'ESRCH') return true;
    throw error;
  }
}
