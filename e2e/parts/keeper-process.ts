import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/** Longest wait for killed processes to be gone, ms: those who start them anew find ports and files free. */
const goneMs = 5_000;
const watched = new Set<number>();

for await (const line of createInterface({ input: process.stdin })) {
  const [word, pid] = line.split(' ');
  if (word === 'watch') watched.add(Number(pid));
  else watched.delete(Number(pid));
}
const deadline = Date.now() + goneMs;
for (const pid of watched) signal(pid, 'SIGKILL');
while (Date.now() < deadline && Array.from(watched).some((pid) => signal(pid, 0))) {
  await setTimeout(20);
}

/** False when there is no such process. */
function signal(pid: number, what: 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, what);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
