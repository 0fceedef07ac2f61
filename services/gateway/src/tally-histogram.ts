import { Histogram, type HistogramConfiguration } from 'prom-client';

/** Observations by what they are observed for. */
class Observed {
  /** As many as are not above each bound, and above the one before; those above the last are not here. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: number) {
    this.counts = Array.from({ length: bounds }, () => 0);
  }
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly observed: Observed;
}

type Told = Awaited<ReturnType<Histogram['get']>>;

/**
 * A histogram with one label, or none: prom-client copies, checks and hashes the labels of every observation, this only
 * counts, and names them when it is asked.
 */
export class TallyHistogram extends Histogram {
  readonly #name: string;
  readonly #label: string | undefined;
  readonly #bounds: readonly number[];
  readonly #all = new Map<string, Labelled>();
  /** Never told anything: what is said of a histogram beside its values. */
  readonly #blank: Histogram;

  constructor(configuration: HistogramConfiguration<string> & { readonly buckets: number[] }) {
    super(configuration);
    this.#blank = new Histogram({ ...configuration, registers: [] });
    this.#name = configuration.name;
    [this.#label] = configuration.labelNames ?? [];
    this.#bounds = configuration.buckets;
    if (this.#label === undefined) this.#observed('');
  }

  /** Counts a value for a value of the label; for the empty text where there is no label. */
  count(label: string, value: number): void {
    const observed = this.#all.get(label)?.observed ?? this.#observed(label);
    observed.sum += value;
    observed.count += 1;
    const bounds = this.#bounds;
    for (let at = 0; at < bounds.length; at += 1) {
      if (value > (bounds[at] ?? 0)) continue;
      observed.counts[at] = (observed.counts[at] ?? 0) + 1;
      return;
    }
  }

  override async get(): Promise<Told> {
    const blank = await this.#blank.get();
    const values = [...this.#all.values()].flatMap((each) => this.#values(each));
    return { ...blank, values };
  }

  /** What prom-client asks instead of `get` when it writes text. */
  getForPromString(): Promise<Told> {
    return this.get();
  }

  #observed(label: string): Observed {
    const observed = new Observed(this.#bounds.length);
    const labels = this.#label === undefined ? {} : { [this.#label]: label };
    this.#all.set(label, { labels, observed });
    return observed;
  }

  #values({ labels, observed }: Labelled): Told['values'] {
    const { counts, sum, count } = observed;
    const metricName = `${this.#name}_bucket`;
    let below = 0;
    const buckets = this.#bounds.map((le, at) => {
      below += counts[at] ?? 0;
      return { metricName, labels: { le, ...labels }, value: below };
    });
    return [
      ...buckets,
      { metricName, labels: { le: '+Inf', ...labels }, value: count },
      { metricName: `${this.#name}_sum`, labels: { ...labels }, value: sum },
      { metricName: `${this.#name}_count`, labels: { ...labels }, value: count },
    ];
  }
}
