/** What one part says about whether it can serve; `why` is a short line for a person. */
export type Readiness = { kind: 'ready' } | { kind: 'not_ready'; why: string };

/** Whether a process can serve: the answer of `/readyz`. */
export interface Health {
  /** Adds a part that must be ready, asked at each call of {@link Health.readiness}. */
  require(name: string, check: () => Readiness): void;
  /** From now on not ready: the process finishes what it has and takes nothing new. */
  drain(): void;
  /** Ready when all parts are, with the reason of each that is not. */
  readiness(): { ready: boolean; reasons: Record<string, string> };
}

/** Health that is ready while nothing says otherwise. */
export function createHealth(): Health {
  const checks = new Map<string, () => Readiness>();
  let draining = false;
  return {
    require(name, check) {
      checks.set(name, check);
    },
    drain() {
      draining = true;
    },
    readiness() {
      const reasons: Record<string, string> = draining ? { process: 'draining' } : {};
      for (const [name, check] of checks) {
        const answer = check();
        if (answer.kind === 'not_ready') reasons[name] = answer.why;
      }
      return { ready: Object.keys(reasons).length === 0, reasons };
    },
  };
}
