import type { Operation } from '@keymux/contracts';

/** Which operation a request is for; `method` lists what the address takes instead. */
export type Match =
  | { kind: 'operation'; name: string; operation: Operation; params: Record<string, string> }
  | { kind: 'method'; allow: string[] }
  | { kind: 'malformed' }
  | { kind: 'unknown' };

interface Pattern {
  name: string;
  operation: Operation;
  segments: string[];
  fixed: number;
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

function fits(pattern: Pattern, segments: readonly string[]): boolean {
  return (
    pattern.segments.length === segments.length &&
    pattern.segments.every((each, index) =>
      isParameter(each) ? segments[index] !== '' : each === segments[index],
    )
  );
}

function readParams(
  pattern: Pattern,
  segments: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  try {
    pattern.segments.forEach((each, index) => {
      if (isParameter(each)) params[each.slice(1, -1)] = decodeURIComponent(segments[index] ?? '');
    });
    return params;
  } catch {
    // decodeURIComponent throws only for malformed escapes.
    return undefined;
  }
}

/** Makes the function that finds the operation for a method and a path; a fixed segment goes before a parameter. */
export function createMatcher(
  operations: Readonly<Record<string, Operation>>,
): (method: string, path: string) => Match {
  const patterns: Pattern[] = Object.entries(operations)
    .map(([name, operation]) => {
      const segments = operation.path.split('/');
      return { name, operation, segments, fixed: segments.filter((s) => !isParameter(s)).length };
    })
    .sort((a, b) => b.fixed - a.fixed);

  return (method, path) => {
    const segments = path.split('/');
    const fitting = patterns.filter((pattern) => fits(pattern, segments));
    if (fitting.length === 0) return { kind: 'unknown' };
    const wanted = method === 'HEAD' ? 'GET' : method;
    const found = fitting.find((pattern) => pattern.operation.method === wanted);
    if (found === undefined) {
      const methods = fitting.map((pattern): string => pattern.operation.method);
      if (methods.includes('GET')) methods.push('HEAD');
      return { kind: 'method', allow: [...new Set(methods)].sort() };
    }
    const params = readParams(found, segments);
    if (params === undefined) return { kind: 'malformed' };
    return { kind: 'operation', name: found.name, operation: found.operation, params };
  };
}
