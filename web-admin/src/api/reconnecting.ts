/** A stream of server-sent events that is opened again whenever it ends. */
export interface EventStream {
  close(): void;
}

const againMs = 2_000;

/**
 * Opens a stream of events. A browser tries again by itself when a connection breaks, but not after an answer that
 * is no stream, such as a proxy's 502: then this does.
 */
export function reconnecting(
  address: string,
  hear: {
    readonly events: Readonly<Record<string, (data: unknown) => void>>;
    readonly opened?: () => void;
    readonly lost?: () => void;
  },
): EventStream {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    const opened = new EventSource(address);
    source = opened;
    for (const [name, take] of Object.entries(hear.events)) {
      opened.addEventListener(name, ({ data }: MessageEvent<string>) => take(JSON.parse(data)));
    }
    opened.onopen = () => hear.opened?.();
    opened.onerror = () => {
      hear.lost?.();
      if (opened.readyState === EventSource.CLOSED) timer = setTimeout(open, againMs);
    };
  }

  open();
  return {
    close() {
      clearTimeout(timer);
      source?.close();
    },
  };
}
