import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keymanagerOperations } from '@keymux/contracts';
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { useBrowser, useConsoleHouse } from '../product/console.ts';
import { addServing, at, groupName, secretsFor } from '../product/house.ts';
import { polled } from '../product/key-watch.ts';
import { json } from '../provider-simulator/answer.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useConsoleHouse();
const visitor = useBrowser(house);
const api = () => house.keymux.api;
const timeout = 180_000;

async function signedIn(path: string): Promise<void> {
  await visitor.open('/overview');
  if (visitor.page.url().includes('/sign-in')) await visitor.signIn();
  await visitor.open(path);
}

/** Whether it is seen without scrolling. */
async function isInView(it: Locator): Promise<boolean> {
  const box = await it.boundingBox();
  const seen = it.page().viewportSize();
  return box !== null && seen !== null && box.y >= 0 && box.y + box.height <= seen.height;
}

describe('keys in the console', () => {
  it(
    'come from a file, looked at first, with a progress that survives a reload',
    { timeout },
    async () => {
      const name = groupName('imported');
      await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
      const folder = mkdtempSync(join(tmpdir(), 'keymux-import-'));
      try {
        const file = join(folder, 'keys.txt');
        const secrets = secretsFor(name, 20_000);
        writeFileSync(file, [...secrets, ...secrets.slice(0, 30), 'wr\u00f6ng'].join('\n'));
        await signedIn(`/groups/${name}/keys`);
        const { page } = visitor;
        await page.getByRole('button', { name: 'Import keys' }).first().click();
        const dialog = page.getByRole('dialog');
        await dialog.locator('input[type=file]').setInputFiles(file);
        await dialog.getByRole('button', { name: 'Preview' }).click();
        await dialog.getByText('20,000 keys are new').waitFor();
        await dialog.getByText('30 duplicates · 1 invalid').waitFor();
        await dialog.getByText('Line 20,031').waitFor();
        await dialog.getByRole('button', { name: 'Import keys' }).click();
        await dialog.waitFor({ state: 'detached' });

        await page.reload();
        await page
          .getByRole('banner')
          .getByRole('button', { name: /Tasks|running/ })
          .click();
        const tray = page.getByRole('region', { name: 'Tasks' });
        await tray.getByText('20,000 added').waitFor({ timeout });
        await tray.getByText('Done').waitFor();
        await page.getByText('20,000 keys', { exact: true }).waitFor();
        expect(await api().call(keymanagerOperations.listKeys, { params: { name } })).toMatchObject(
          {
            total: 20_000,
          },
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('are all acted on at once, and their deletion asks for the name', { timeout }, async () => {
    const name = groupName('bulk');
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    await api().importKeys(name, secretsFor(name, 700));
    await signedIn(`/groups/${name}/keys`);
    const { page } = visitor;
    const bar = page.getByRole('toolbar');
    await page.getByLabel('Select all that match').check();
    await bar.getByText('700 selected').waitFor();
    await bar.getByRole('button', { name: 'Disable' }).click();
    await polled(async () => (await api().keys(name, { status: 'disabled' })).length).toBe(700);
    await page.getByRole('group', { name: 'State' }).getByText('Disabled').click();
    await page.getByText('700 keys', { exact: true }).waitFor();

    await page.getByLabel('Select all that match').check();
    await bar.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog');
    const yes = dialog.getByRole('button', { name: 'Delete' });
    expect(await yes.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill(name);
    await yes.click();
    await page.getByText('0 keys', { exact: true }).waitFor();
    expect(await api().keys(name)).toEqual([]);
  });

  it(
    'come back from verdicts that are undone by their time, after a look',
    { timeout },
    async () => {
      const { keymux, simulator } = house;
      const { name, url, secrets } = await addServing(house, { channel: 'openai' }, 3);
      const [bad = ''] = secrets;
      simulator.script({ match: { key: bad }, answer: fault('openai', 'invalid-key') });
      await polled(async () => {
        await ask(url, 'openai', keymux.proxyKey);
        return (await api().key(name, bad)).status;
      }).toBe('blacklisted');

      await signedIn('/overview');
      const { page } = visitor;
      await page.getByText(`of ${name} is blacklisted`).waitFor();
      await page.getByRole('link', { name: 'All verdicts' }).click();
      await page.getByLabel('Group', { exact: true }).selectOption(name);
      await page.getByLabel('Verdict', { exact: true }).selectOption('Blacklisted');
      const told = page.locator('li').filter({ hasText: `of ${name} is blacklisted` });
      await told.getByText('Blacklisted after 3 failures in a row: 401').waitFor();
      await page.getByLabel('Verdict', { exact: true }).selectOption('Back');
      await page.getByText('No verdicts on keys yet').waitFor();
      await page.getByLabel('Verdict', { exact: true }).selectOption('Blacklisted');
      await told.getByRole('link', { name: '…' }).click();
      await page.getByRole('dialog').getByText('Timeline').waitFor();

      await signedIn('/activity');
      await told.waitFor();
      await page.getByRole('button', { name: 'Undo verdicts' }).click();
      await page.getByLabel('Group').selectOption(name);
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('1 key would come back').waitFor();
      expect((await api().key(name, bad)).status).toBe('blacklisted');
      await page.getByRole('button', { name: 'Undo on 1 key' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Undo on 1 key' }).click();
      await polled(async () => (await api().key(name, bad)).status).toBe('active');
      await page.getByText(`Undid verdicts on keys of ${name}`).waitFor();
    },
  );
});

const toTheEnd = `{
  const list = document.querySelector('km-key-table .scroller');
  list.scrollTop = list.scrollHeight;
}`;

describe('keys further down than the first page', () => {
  it('are shown as they are by now', { timeout }, async () => {
    const name = groupName('deep');
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    const secrets = secretsFor(name, 700);
    await api().importKeys(name, secrets);
    await signedIn(`/groups/${name}/keys`);
    const { page } = visitor;
    const list = page.locator('km-key-table .scroller');
    const last = list.locator('[aria-rowindex="701"]');
    await polled(async () => {
      await page.evaluate(toTheEnd);
      return last.count();
    }).toBe(1);
    await last.getByText('Active', { exact: true }).waitFor();
    const { id } = await api().key(name, secrets.at(-1) ?? '');
    await api().request('PATCH', `/api/keys/${id}`, { body: { enabled: false } });
    await last.getByText('Disabled', { exact: true }).waitFor();
    expect(await last.count()).toBe(1);
  });

  it('are not kept from another list that begins with the same key', { timeout }, async () => {
    const name = groupName('mixed');
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    const secrets = secretsFor(name, 60);
    await api().importKeys(name, secrets);
    const { id } = await api().key(name, secrets.at(-1) ?? '');
    await api().request('PATCH', `/api/keys/${id}`, { body: { enabled: false } });
    await signedIn(`/groups/${name}/keys`);
    const { page } = visitor;
    const list = page.locator('km-key-table .scroller');
    await page.getByText('60 keys', { exact: true }).waitFor();
    await page.getByRole('group', { name: 'State' }).getByText('Active').click();
    await page.getByText('59 keys', { exact: true }).waitFor();
    await page.evaluate(toTheEnd);
    await list.locator('[aria-rowindex="60"]').waitFor();
    expect(await list.locator('[aria-rowindex="61"]').count()).toBe(0);
  });
});

describe('requests in the console', () => {
  it(
    'that came while nobody listened are all there when the tail is heard again',
    { timeout },
    async () => {
      const { keymux } = house;
      const { name, url } = await addServing(house, { channel: 'openai' }, 1);
      const { page } = visitor;
      await signedIn('/overview');
      await ask(url, 'openai', keymux.proxyKey, { model: 'gpt-before' });
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      const again = Promise.withResolvers<void>();
      let calls = 0;
      await page.route('**/api/logs/tail*', async (route) => {
        calls += 1;
        if (calls === 1) {
          const headers = { 'content-type': 'text/event-stream' };
          return route.fulfill({ status: 200, headers, body: 'retry: 50\n\n' });
        }
        again.resolve();
        await held;
        return route.continue();
      });
      await visitor.open(`/logs?group=${name}`);
      const rows = page.locator('tbody tr');
      await rows.filter({ hasText: 'gpt-before' }).waitFor();
      await again.promise;
      const missed = Array.from({ length: 150 }, () => ask(url, 'openai', keymux.proxyKey));
      const ids = new Set((await Promise.all(missed)).map(({ requestId }) => requestId));
      const logged = () => api().logs({ group: name });
      const arrived = async () => (await logged()).filter((row) => ids.has(row.request_id)).length;
      await polled(arrived).toBe(150);
      release();
      const all = (await logged()).length;
      expect(all).toBeGreaterThan(150);
      await polled(() => rows.count()).toBe(all);
      await page.unroute('**/api/logs/tail*');
    },
  );

  it(
    'are filtered by an address that can be kept, and lead to the key and back',
    { timeout },
    async () => {
      const { keymux, simulator } = house;
      const { name, url } = await addServing(house, { channel: 'openai' }, 1);
      const good = await ask(url, 'openai', keymux.proxyKey);
      simulator.script({ answer: fault('openai', 'bad-request'), times: 1 });
      const bad = await ask(url, 'openai', keymux.proxyKey, { model: 'gpt-wrong' });
      await api().log(good.requestId);
      await api().log(bad.requestId);

      await signedIn('/logs');
      const { page } = visitor;
      await page.getByLabel('Group', { exact: true }).selectOption(name);
      await page.getByLabel('Status').fill('4xx');
      await page.getByLabel('Status').press('Enter');
      await page.waitForURL(
        (to) => to.searchParams.get('group') === name && to.searchParams.get('status') === '4xx',
      );
      const rows = page.locator('tbody tr');
      await rows.filter({ hasText: 'gpt-wrong' }).waitFor();
      await polled(() => rows.count()).toBe(1);

      await page.reload();
      await rows.filter({ hasText: 'gpt-wrong' }).waitFor();
      expect(await rows.count()).toBe(1);
      await rows.first().locator('a.when').click();
      await page.waitForURL((to) => to.pathname === `/logs/${bad.requestId}`);
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('heading', { name: 'Attempts' }).waitFor();
      await dialog.getByTitle('Open the key').first().click();
      await page.waitForURL(
        (to) => to.pathname === `/groups/${name}/keys` && to.searchParams.has('key'),
      );
      await page.getByRole('dialog').getByText('Timeline').waitFor();
      await page.goBack();
      await page.waitForURL((to) => to.pathname.startsWith('/logs'));
      expect(new URL(page.url()).searchParams.get('group')).toBe(name);
    },
  );
});

describe('a request that just ended', () => {
  it('shows in the live tail at once, whatever the rows wait for', { timeout }, async () => {
    const { keymux, simulator } = house;
    const { name, url } = await addServing(house, { channel: 'openai' }, 1);
    const wait = 'request_log_write_interval_minutes';
    await api().request('PATCH', '/api/settings', { body: { [wait]: 60 } });
    try {
      await signedIn(`/logs?q=${name}-none`);
      const { page } = visitor;
      await page.getByText('can be queried after up to 60 minutes').waitFor();
      await visitor.open(`/logs?group=${name}&model=gpt-tail`);
      await page.getByRole('button', { name: 'Live' }).locator('.dot.good').waitFor();
      simulator.script({
        answer: json(200, { choices: [], said: 'hi' }, [
          ['x-ratelimit-limit-requests', '500'],
          ['x-ratelimit-remaining-requests', '41'],
        ]),
        times: 1,
      });
      const { requestId } = await ask(url, 'openai', keymux.proxyKey, { model: 'gpt-tail' });
      await page.locator(`tbody tr a[href*="${requestId}"]`).first().waitFor();
    } finally {
      await api().request('PATCH', '/api/settings', { body: { [wait]: null } });
    }

    const { page } = visitor;
    await visitor.open(`/groups/${name}/keys`);
    await page.locator('km-key-table .scroller').getByText('end', { exact: false }).first().click();
    await page.getByRole('dialog').getByText('41 of 500').waitFor();
  });

  it('shows however many came before, and those can be gone back to', { timeout }, async () => {
    const { keymux } = house;
    const { name, url } = await addServing(house, { channel: 'openai' }, 1);
    await signedIn(`/logs?group=${name}`);
    const { page } = visitor;
    await page.getByRole('button', { name: 'Live' }).locator('.dot.good').waitFor();
    let left = 2_100;
    const lane = async (): Promise<void> => {
      for (; left > 0; left -= 1) await ask(url, 'openai', keymux.proxyKey, { model: 'gpt-many' });
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    await ask(url, 'openai', keymux.proxyKey, { model: 'gpt-last' });
    const rows = page.locator('tbody tr');
    await rows.first().locator('.model').getByText('gpt-last').waitFor();
    expect(await page.getByText(/new requests?$/).count()).toBe(0);
    expect(await rows.count()).toBe(1_000);
    await page.getByRole('button', { name: 'Show older' }).click();
    await polled(() => rows.count()).toBeGreaterThan(1_050);
  });
});

describe('settings in the console', () => {
  it('are compared before they are saved, and undone as a revision', { timeout }, async () => {
    const value = async () => {
      const reply = await api().request('GET', '/api/settings');
      const { items } = reply.json as { items: { name: string; value: unknown }[] };
      return items.find((each) => each.name === 'max_retries')?.value;
    };
    const before = await value();
    await signedIn('/settings');
    const { page } = visitor;
    await page.locator('#max_retries').fill('7');
    await page.getByRole('button', { name: 'Review and save' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('max_retries').waitFor();
    expect(await value()).toBe(before);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Settings saved').waitFor();
    expect(await value()).toBe(7);

    await page.getByRole('link', { name: 'Revisions' }).click();
    await page.locator('summary').first().click();
    await page.getByRole('button', { name: 'Undo this change' }).first().click();
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await page.getByText('The config is restored').waitFor();
    expect(await value()).toBe(before);
  });

  it('say what is refused at its field', { timeout }, async () => {
    await signedIn('/settings');
    const { page } = visitor;
    await page.locator('#app_url').fill('ftp://files.example');
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    const field = page.locator('km-setting-field').filter({ has: page.locator('#app_url') });
    await field.getByText('must begin with http:// or https://').waitFor();
    expect(await page.locator('#app_url').getAttribute('aria-invalid')).toBe('true');
  });
});

describe('a group in the console', () => {
  it(
    'says what is refused at its field: a name that is taken, an upstream that is there twice',
    { timeout },
    async () => {
      const name = groupName('taken');
      await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
      await signedIn('/new-group');
      const { page } = visitor;
      const field = page.locator('.field').filter({ has: page.locator('input[name=name]') });
      await field.locator('input').fill(name);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await field.getByText(`There is a group ${name} already.`).waitFor();

      await field.locator('input').fill('new');
      await page.getByLabel('Base URL').fill(house.simulator.url);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByLabel('Base URL').nth(1).fill(house.simulator.url);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.locator('.pair').nth(1).getByText('is there twice').waitFor();
      await page.getByRole('button', { name: 'Remove' }).nth(1).click();
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.waitForURL('**/groups/new');
      await page.getByRole('heading', { level: 1, name: 'new' }).waitFor();
    },
  );

  it('goes to what is wrong, however far that is from what saves', { timeout }, async () => {
    const name = groupName('far');
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    await signedIn(`/groups/${name}/edit`);
    const { page } = visitor;
    await page.getByText('Rules', { exact: true }).click();
    const rules = page.getByLabel('Error rules');
    await rules.fill('[{"status":');
    expect(await isInView(page.getByRole('button', { name: 'Save' }))).toBe(true);
    await page.getByText('Rules', { exact: true }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await rules.and(page.locator(':focus')).waitFor();
    await polled(() => isInView(page.getByText('This is no JSON'))).toBe(true);
  });

  it('keeps changes on top of what somebody else changed meanwhile', { timeout }, async () => {
    const name = groupName('shared');
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    await signedIn(`/groups/${name}/edit`);
    const { page } = visitor;
    await page.getByLabel('Title').fill('Mine');
    await api().changeGroup(name, { description: 'Theirs' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody else changed this group meanwhile').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(`**/groups/${name}`);
    const reply = await api().request('GET', `/api/groups/${name}`);
    expect(reply.json).toMatchObject({ display_name: 'Mine', description: 'Theirs' });
  });

  it(
    'says so as well when the newest came by itself, before anything is saved',
    { timeout },
    async () => {
      const name = groupName('shared');
      await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
      await signedIn(`/groups/${name}/edit`);
      const { page } = visitor;
      await page.getByLabel('Title').fill('Mine');
      await api().changeGroup(name, { display_name: 'Theirs', description: 'Theirs' });
      // The server goes away and comes back, for this page.
      await page.route('**/test', (route) => route.fulfill({ status: 503 }));
      await page.getByRole('button', { name: 'Test connection' }).click();
      await page.getByText('Somebody else changed this group meanwhile').waitFor();
      await page.unroute('**/test');
      expect(await page.getByLabel('Title').inputValue()).toBe('Mine');
      expect(await page.getByLabel('Description').inputValue()).toBe('Theirs');
    },
  );
});

describe('a group that is not saved yet', () => {
  it(
    'is tested with a key that is not kept, offers the models of its provider, and can be copied',
    { timeout },
    async () => {
      const name = groupName('tested');
      await signedIn('/new-group');
      const { page } = visitor;
      await page.locator('input[name=name]').fill(name);
      await page.getByLabel('Base URL').fill(house.simulator.url);
      const test = page.getByRole('button', { name: 'Test connection' });
      expect(await test.isDisabled()).toBe(true);
      await page.getByLabel('Key to test with').fill('sk-only-to-test-1234');
      await test.click();
      await page.locator('km-test-results .badge.good').waitFor();
      await page.getByText(/The provider lists \d+ models/).waitFor();
      expect(await page.locator('#models option').count()).toBeGreaterThan(0);
      await page.getByLabel('Title').fill('Looked at');
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.waitForURL(`**/groups/${name}`);
      expect(await api().keys(name)).toEqual([]);

      const copy = groupName('copy');
      await page.getByRole('button', { name: `Copy ${name}` }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox').fill(name);
      await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
      await dialog.getByText(`There is a group ${name} already.`).waitFor();
      await dialog.getByRole('textbox').fill(copy);
      await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
      await page.waitForURL(`**/groups/${copy}`);
      await page.getByText('Looked at').waitFor();
    },
  );
});

describe('a server that goes away', () => {
  it('is noticed, and its return too, without a reload', { timeout }, async () => {
    const { keymux } = house;
    await signedIn('/overview');
    const { page } = visitor;
    await page.evaluate('globalThis.stillHere = true');
    await keymux.stop();
    await page.getByText('The server does not answer. Trying again …').waitFor();
    await page.getByRole('link', { name: 'Groups' }).click();
    await page.getByText('This loads by itself as soon as it is back.').first().waitFor();
    await keymux.start();
    await page
      .getByText('The server does not answer. Trying again …')
      .waitFor({ state: 'detached' });
    await page.getByRole('main').getByRole('listitem').first().waitFor();
    expect(await page.evaluate('globalThis.stillHere')).toBe(true);

    const name = groupName('after');
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'Groups' }).click();
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    await page.getByRole('link', { name, exact: true }).waitFor();
  });

  it('shows what changed while nobody told of changes', { timeout }, async () => {
    await signedIn('/groups');
    const { page } = visitor;
    await page.getByRole('main').getByRole('listitem').first().waitFor();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await page.route('**/api/events', async (route) => {
      asked.resolve();
      await held;
      await route.continue();
    });
    await page.reload();
    await asked.promise;
    await page.getByRole('main').getByRole('listitem').first().waitFor();
    const name = groupName('untold');
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    release();
    await page.getByRole('link', { name, exact: true }).waitFor();
    await page.unroute('**/api/events');
  });
});
