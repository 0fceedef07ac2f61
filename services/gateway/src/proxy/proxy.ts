import type { IncomingMessage, ServerResponse } from 'node:http';
import { Seats } from '../seats.ts';
import type { Admit, Admitted, Refusal } from './admit/admit.ts';
import { Exchange, type ExchangeDeps } from './exchange/exchange.ts';
import { exchangeRequest } from './exchange/exchange-request.ts';
import type { InFlight } from './admit/in-flight.ts';
import { refusedByLimit, refusedRecord, retryAfter } from './admit/refusal.ts';
import { type BodyLimits, readBody } from './body/read-body.ts';
import { hasBody, noBody, type RequestBody } from './body/request-body.ts';
import { sendGatewayError } from './gateway-error/send-error.ts';
import { writeRow } from './row/write-row.ts';

export interface ProxyDeps extends ExchangeDeps {
  readonly admit: Admit;
  readonly inFlight: InFlight;
  readonly bodyLimits: BodyLimits;
  /** Names this installation in `x-keymux-via`. */
  readonly instance: string;
}

/** A request on its way in, and what its client is answered through. */
interface Visit {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly extraHeaders: readonly string[];
}

/** The data plane: every request to `/proxy/{group}/…`. */
export class Proxy {
  readonly #deps: ProxyDeps;
  readonly #exchanges = new Seats<Exchange>();

  constructor(deps: ProxyDeps) {
    this.#deps = deps;
  }

  /** Ends what still runs. */
  interruptAll(): void {
    this.#exchanges.forEach((exchange) => exchange.interrupt());
  }

  handle(req: IncomingMessage, res: ServerResponse, extraHeaders: readonly string[]): void {
    const visit = { req, res, extraHeaders };
    const admission = this.#deps.admit(req);
    if (admission.kind === 'refused') {
      this.#refuse(visit, admission);
      return;
    }
    const leave = this.#deps.inFlight.enter();
    if (admission.group.settings.proxyKeyAllowance === null) {
      this.#carry(visit, admission, leave);
      return;
    }
    void refusedByLimit(this.#deps.limits, admission).then((refusal) => {
      if (refusal === null) {
        this.#carry(visit, admission, leave);
        return;
      }
      this.#refuse(visit, refusal);
      leave();
    });
  }

  #carry(visit: Visit, admitted: Admitted, leave: () => void): void {
    const { req, res, extraHeaders } = visit;
    // Until the body is there, a client that leaves leaves nothing but a row.
    let exchange: Exchange | undefined;
    let left = false;
    const clientLeft = (): void => {
      if (exchange !== undefined) {
        exchange.clientClosed();
        return;
      }
      left = true;
      writeRow(this.#deps, {
        ...admitted.record,
        status: 499,
        atFault: 'client',
        error: 'the client went away',
      });
      leave();
    };
    if (res.closed) {
      clientLeft();
      return;
    }
    res.once('close', clientLeft);
    const proceed = (body: RequestBody): void => {
      if (left) {
        body.close();
        return;
      }
      const { instance } = this.#deps;
      const request = exchangeRequest(admitted, { req, res, extraHeaders, body, instance });
      const started: Exchange = new Exchange(this.#deps, request, () => {
        this.#exchanges.leave(seat);
        leave();
      });
      exchange = started;
      const seat = this.#exchanges.take(started);
      started.start();
    };
    if (hasBody(req)) readBody(req, this.#deps.bodyLimits, proceed);
    else proceed(noBody);
  }

  #refuse({ req, res, extraHeaders }: Visit, refusal: Refusal): void {
    const { code, channel } = refusal;
    const record = refusedRecord(refusal);
    writeRow(this.#deps, record);
    sendGatewayError(res, channel, code, {
      requestId: record.requestId,
      headers: [...retryAfter(refusal), ...extraHeaders],
    });
    // What the client still sends is read and dropped, so that it can read the answer.
    req.resume();
  }
}
