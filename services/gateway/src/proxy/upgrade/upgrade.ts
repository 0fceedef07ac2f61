import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Admit, Admitted, Refusal } from '../admit/admit.ts';
import { viaOf } from '../exchange/exchange-request.ts';
import type { InFlight } from '../admit/in-flight.ts';
import { endWithError } from '../gateway-error/raw-response.ts';
import { refusedByLimit, refusedRecord, retryAfter } from '../admit/refusal.ts';
import { noBody } from '../body/request-body.ts';
import { UpgradeExchange, type UpgradeExchangeDeps } from './upgrade-exchange.ts';
import type { UpgradeClient } from './upgrade-request.ts';
import { writeRow } from '../row/write-row.ts';

export interface UpgradesDeps extends UpgradeExchangeDeps {
  readonly admit: Admit;
  readonly inFlight: InFlight;
  /** Names this installation in `x-keymux-via`. */
  readonly instance: string;
}

/** Brings WebSocket upgrades to an upstream; then bytes go both ways until one side closes. */
export class Upgrades {
  readonly #deps: UpgradesDeps;
  readonly #open = new Set<Duplex>();

  constructor(deps: UpgradesDeps) {
    this.#deps = deps;
  }

  /** Ends the connections that are open. */
  closeAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  handle(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const client = { socket, head, protocol: req.headers.upgrade ?? 'websocket' };
    const admission = this.#deps.admit(req);
    if (admission.kind === 'refused') {
      this.#refuse(socket, admission);
      return;
    }
    if (admission.group.settings.proxyKeyAllowance === null) {
      this.#carry(client, admission);
      return;
    }
    void refusedByLimit(this.#deps.limits, admission).then((refusal) => {
      if (refusal === null) this.#carry(client, admission);
      else this.#refuse(socket, refusal);
    });
  }

  #carry(client: UpgradeClient, { group, record, headers, address }: Admitted): void {
    const { path, query } = address;
    const model = new URLSearchParams(query).get('model');
    record.streaming = true;
    record.model = model;
    record.modelSent = model;
    const via = viaOf(headers, this.#deps.instance);
    const planned = { group, headers, body: noBody, path, bodyModel: model, via };
    const leave = this.#deps.inFlight.enter();
    this.#open.add(client.socket);
    new UpgradeExchange(this.#deps, { ...planned, client, record, query }, () => {
      this.#open.delete(client.socket);
      leave();
    }).start();
  }

  #refuse(socket: Duplex, refusal: Refusal): void {
    const record = refusedRecord(refusal);
    writeRow(this.#deps, record);
    endWithError(socket, refusal.code, {
      requestId: record.requestId,
      headers: retryAfter(refusal),
    });
  }
}
