import { AggregatorRegistry } from 'prom-client';

/**
 * Remembers what each worker had counted when it last told, so that the sum over all never falls when one is gone or
 * does not answer: Prometheus takes a fall for a start anew, and counts what the others have once more.
 */
export class WorkerCounters<Worker extends object> {
  readonly #last = new Map<Worker, object[]>();
  #gone: object[] = [];

  /** What those that are gone had counted. */
  get gone(): object[] {
    return this.#gone;
  }

  /** What a worker had counted when it last told. */
  of(worker: Worker): object[] {
    return this.#last.get(worker) ?? [];
  }

  /** A worker told its metrics, as prom-client has them in JSON. */
  told(worker: Worker, metrics: readonly object[]): void {
    this.#last.set(worker, metrics.filter(isCounted));
  }

  left(worker: Worker): void {
    const all = AggregatorRegistry.aggregate([this.#gone, this.of(worker)]);
    this.#gone = all.getMetricsAsArray();
    this.#last.delete(worker);
  }
}

// A gauge of a worker that is gone is no more.
function isCounted(metric: object): boolean {
  return 'type' in metric && (metric.type === 'counter' || metric.type === 'histogram');
}
