import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { busConformance, type BusUnderTest } from '../conformance.ts';
import { testMessage } from '../message.fixture.ts';
import { acknowledgingConformance } from '../in-process/acknowledging-conformance.ts';
import { createInProcessBus } from '../in-process/in-process-bus.ts';
import { createInProcessCalls } from '../in-process/in-process-calls.ts';
import { connectIpcBus } from './connect-ipc-bus.ts';
import type { IpcPort } from './frames.ts';
import { serveIpcBus } from './serve-ipc-bus.ts';

function ipcPort(port: MessagePort): IpcPort {
  return {
    send: (value) => port.postMessage(value),
    onMessage: (handler) => void port.on('message', handler),
    onDisconnect: (handler) => void port.on('close', handler),
  };
}

function make(): BusUnderTest {
  const parked: BusUnderTest['parked'] = [];
  const bus = createInProcessBus({
    deadLetters: {
      park: async (stream, message, reason) => void parked.push({ stream, id: message.id, reason }),
    },
    followerFailed: () => undefined,
    redeliveryMs: () => 1,
  });
  const calls = createInProcessCalls();
  calls.answer('settle', () => Promise.resolve());
  const channel = new MessageChannel();
  serveIpcBus({ bus, calls }, ipcPort(channel.port1));
  return {
    hub: { bus, calls },
    client: connectIpcBus(ipcPort(channel.port2)),
    parked,
    close: async () => {
      channel.port2.close();
      await bus.close();
      await calls.close();
    },
  };
}

busConformance('the bus between processes', () => Promise.resolve(make()));
acknowledgingConformance('the bus between processes', () => Promise.resolve(make()));

it('tells a worker whose hub went away that nothing will be answered', async () => {
  const { client, close } = make();
  const published = client.bus.publish('KEY_OUTCOMES', testMessage('s'));
  const called = client.calls.call('settle-never', null);
  const rejected = Promise.all([
    expect(published).rejects.toHaveProperty('name', 'BusUnavailable'),
    expect(called).rejects.toHaveProperty('name', 'NoAnswer'),
  ]);
  await close();
  await rejected;
  await expect(client.bus.publish('CONFIG', testMessage('s'))).rejects.toThrow('closed');
});

it('outlives a worker that leaves after its wish to follow was refused', async () => {
  const { hub, client, close } = make();
  await hub.bus.close();
  await expect(client.bus.follow('CONFIG', () => undefined)).rejects.toHaveProperty(
    'name',
    'BusUnavailable',
  );
  // A rejection that nobody handles would end the hub's process, and fails this run.
  await close();
  await new Promise((resolve) => setImmediate(resolve));
});
