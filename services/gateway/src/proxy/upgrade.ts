import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '@keymux/service';
import type { KeyLimits, PermittedChoice } from '../limits/key-limits.ts';
import type { Admit, Admitted, Refusal } from './admit.ts';
import { viaOf } from './exchange-request.ts';
import type { InFlight } from './in-flight.ts';
import { prepareRequest, type UnpreparedRequest } from './prepare-request.ts';
import { endWithError } from './raw-response.ts';
import { refusedByLimit, refusedRecord, retryAfter } from './refusal.ts';
import { noBody } from './request-body.ts';
import {
  type UpgradeClient,
  UpgradeExchange,
  type UpgradeExchangeDeps,
} from './upgrade-exchange.ts';
import { writeRow } from './write-row.ts';

export interface UpgradesDeps extends UpgradeExchangeDeps {
  readonly clock: Clock;
  readonly admit: Admit;
  readonly inFlight: InFlight;
  readonly limits: KeyLimits;
  /** Names this installation in `x-keymux-via`. */
  readonly instance: string;
}

/** Brings WebSocket upgrades to an upstream: one attempt, then bytes both ways until one side closes. */
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
      this.#choose(client, admission);
      return;
    }
    void refusedByLimit(this.#deps.limits, admission).then((refusal) => {
      if (refusal === null) this.#choose(client, admission);
      else this.#refuse(socket, refusal);
    });
  }

  #choose(client: UpgradeClient, admitted: Admitted): void {
    const { limits, clock, instance } = this.#deps;
    const { group, record, headers, address } = admitted;
    record.streaming = true;
    const unprepared = {
      headers,
      body: noBody,
      path: address.path,
      bodyModel: new URLSearchParams(address.query).get('model'),
      via: viaOf(headers, instance),
    };
    const choice = limits.choose(group, {
      tried: { keys: [], upstreams: [] },
      modelOf: (each) => prepareRequest(each, unprepared).model,
      otherUpstream: false,
      nowMs: clock.now(),
    });
    const proceed = (chosen: PermittedChoice): void =>
      this.#proceed(client, { chosen, admitted, unprepared });
    if (choice instanceof Promise) void choice.then(proceed);
    else proceed(choice);
  }

  #proceed(
    client: UpgradeClient,
    about: { chosen: PermittedChoice; admitted: Admitted; unprepared: UnpreparedRequest },
  ): void {
    const { chosen, admitted, unprepared } = about;
    const { record, address, group } = admitted;
    const refusal = { kind: 'refused', channel: group.channel, record } as const;
    if (chosen.kind === 'no-key') {
      const { soonestMs } = chosen;
      const wait =
        soonestMs === undefined ? {} : { retryAfterMs: soonestMs - this.#deps.clock.now() };
      this.#refuse(client.socket, { ...refusal, code: 'no_key', ...wait });
      return;
    }
    if (chosen.kind !== 'target') {
      this.#refuse(client.socket, { ...refusal, code: 'no_upstream' });
      return;
    }
    if (client.socket.destroyed) {
      // The client left while the limits were asked.
      chosen.permit?.end();
      writeRow(this.#deps, { ...record, status: 499, atFault: 'client' });
      return;
    }
    const { target, permit } = chosen;
    const prepared = prepareRequest(target.group, unprepared);
    record.group = target.group.name;
    record.model = unprepared.bodyModel;
    record.modelSent = prepared.model ?? unprepared.bodyModel;
    const leave = this.#deps.inFlight.enter();
    this.#open.add(client.socket);
    new UpgradeExchange(this.#deps, { client, record, target }, () => {
      this.#open.delete(client.socket);
      permit?.end();
      leave();
    }).start(prepared, address.query);
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
