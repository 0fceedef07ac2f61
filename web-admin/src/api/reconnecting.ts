/** A stream of server-sent events that is opened again whenever it ends. */
export interface EventStream {
  close(): void;
}

const againMs = 2_000;
/** The server beats each 15 s: a stream that is silent for so long hangs on a connection that is none any more. */
const silentMs = 45_000;
/** A browser has six connections to a server: pages that nobody looks at leave theirs to those that somebody does. */
const unseenMs = 10_000;

/**
 * Opens a stream of events. A browser tries again by itself when a connection breaks, but not after an answer that
 * is no stream, such as a proxy's 502, and not of one that is silent without an end: then this does. It is open only
 * while the page is looked at, and for a little longer.
 */
export function reconnecting(
  address: string,
  hear: {
    readonly events: Readonly<Record<string, (data: unknown) => void>>;
    readonly opened?: () => void;
    readonly lost?: () => void;
    /** It was let go until somebody looks again. */
    readonly left?: () => void;
  },
): EventStream {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unseen: ReturnType<typeof setTimeout> | undefined;

  function openIn(afterMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(open, afterMs);
  }

  function open(): void {
    source?.close();
    const opened = new EventSource(address);
    source = opened;
    const alive = (): void => openIn(silentMs);
    alive();
    opened.addEventListener('beat', alive);
    for (const [name, take] of Object.entries(hear.events)) {
      opened.addEventListener(name, ({ data }: MessageEvent<string>) => {
        alive();
        take(JSON.parse(data));
      });
    }
    opened.onopen = () => {
      alive();
      hear.opened?.();
    };
    opened.onerror = () => {
      hear.lost?.();
      if (opened.readyState === EventSource.CLOSED) openIn(againMs);
    };
  }

  function letGo(): void {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function look(): void {
    clearTimeout(unseen);
    if (document.visibilityState === 'visible') {
      if (source === undefined) open();
    } else if (source !== undefined) {
      unseen = setTimeout(() => {
        letGo();
        hear.left?.();
      }, unseenMs);
    }
  }

  document.addEventListener('visibilitychange', look);
  look();
  return {
    close() {
      document.removeEventListener('visibilitychange', look);
      clearTimeout(unseen);
      letGo();
    },
  };
}
