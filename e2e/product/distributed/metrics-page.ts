/** What one process says of itself, in Prometheus' text format. */
export interface MetricsPage {
  readonly instance: string;
  readonly text: string;
}

/**
 * One page of what several processes say: each metric is described once, and each of its samples bears the
 * `instance` it is of, as a Prometheus labels them that asks every process itself.
 */
export function mergePages(pages: readonly MetricsPage[]): string {
  const metrics = new Map<string, { about: string[]; samples: string[] }>();
  for (const { instance, text } of pages) {
    let metric: { about: string[]; samples: string[] } | undefined;
    let described = false;
    for (const line of text.split('\n')) {
      if (line.startsWith('# HELP ')) {
        const name = line.split(' ', 3)[2] ?? '';
        described = metrics.has(name);
        metric = metrics.get(name) ?? { about: [], samples: [] };
        metrics.set(name, metric);
      }
      if (line.startsWith('#') && !described) metric?.about.push(line);
      if (line !== '' && !line.startsWith('#')) metric?.samples.push(labelled(line, instance));
    }
  }
  return Array.from(
    metrics.values(),
    ({ about, samples }) => `${[...about, ...samples].join('\n')}\n`,
  ).join('\n');
}

function labelled(sample: string, instance: string): string {
  const label = `instance="${instance}"`;
  const end = sample.search(/[{ ]/);
  const name = sample.slice(0, end);
  return sample[end] === '{'
    ? `${name}{${label},${sample.slice(end + 1)}`
    : `${name}{${label}}${sample.slice(end)}`;
}
