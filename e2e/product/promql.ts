/** A metric as an expression names it, with the labels that it asks about. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** The metrics of Keymux in an expression of PromQL. */
export function selectorsOf(expression: string): readonly Selector[] {
  return Array.from(
    expression.matchAll(/\b(keymux_\w+)(?:\{([^}]*)\})?/g),
    ([, metric = '', matchers = '']) => ({
      metric,
      labels: Array.from(matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g), ([, name = '']) => name),
    }),
  );
}

/** The labels that an expression puts series together by. */
export function groupedBy(expression: string): readonly string[] {
  const lists = expression.matchAll(/\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g);
  const names = Array.from(lists, ([, list = '']) => list.split(',').map((each) => each.trim()));
  return [...new Set(names.flat())].filter((name) => name !== '');
}
