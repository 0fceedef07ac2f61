import { setTimeout as sleep } from 'node:timers/promises';
import { keymanagerOperations } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { addServing, at, secretsFor, useHouse } from '../product/house.ts';
import { rebuild } from '../product/rebuild.ts';

const house = useHouse();
describe('a rebuild', () => {
  it('while requests and an import go on changes nothing', async () => {
    const { keymux, simulator } = house;
    const { url, name } = await addServing(house, { channel: 'openai' }, 20);
    await keymux.api.addGroup({ name: 'still', channel: 'openai', upstreams: at(simulator) });
    await keymux.api.importKeys('still', secretsFor('still', 2_000));
    const some = await keymux.api.key('still', secretsFor('still', 1)[0] ?? '');
    await keymux.api.request('PATCH', `/api/keys/${some.id}`, {
      body: { note: 'mine', enabled: false },
    });
    await keymux.api.addGroup({ name: 'growing', channel: 'openai', upstreams: at(simulator) });
    const before = await keymux.api.keys('still');

    const statuses: number[] = [];
    let ended = false;
    const requests = (async () => {
      while (!ended) {
        statuses.push((await ask(url, 'openai', keymux.proxyKey)).status);
        await sleep(5);
      }
    })();
    try {
      const importing = keymux.api.importKeys('growing', secretsFor('growing', 5_000));
      const [said] = await Promise.all([rebuild(keymux), importing]);
      expect(said.stdout).toMatch(/rebuilt: .*replaced 0, added 0, removed 0, unplaced 0/);
    } finally {
      ended = true;
      await requests;
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await keymux.api.keys('still')).toEqual(before);
    expect((await keymux.api.keys('growing')).length).toBe(5_000);
    expect((await keymux.api.keys(name)).length).toBe(20);
    const { items } = await keymux.api.call(keymanagerOperations.listTasks);
    const task = items.find(({ kind }) => kind === 'rebuild');
    expect(task?.total).toBeGreaterThan(2_020);
    expect(task?.processed).toBe(task?.total);
  });
});
