import { beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { useBrowser, useConsoleHouse, type Visitor } from '../product/console.ts';
import { addServing } from '../product/house.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useConsoleHouse();
const group = 'everyone';
const pages = [
  '/overview',
  '/groups',
  '/new-group',
  `/groups/${group}`,
  `/groups/${group}/edit`,
  `/groups/${group}/keys`,
  `/groups/${group}/what-if`,
  '/groups/there-is-none',
  '/logs',
  '/logs?outcome=upstream',
  '/settings',
  '/settings/revisions',
  '/settings/maintenance',
  '/activity',
  '/activity?show=verdicts',
];

beforeAll(async () => {
  const { keymux, simulator } = house;
  const { url, secrets } = await addServing(house, { channel: 'openai', name: group }, 3);
  await keymux.api.addGroup({
    name: 'two',
    channel: 'openai',
    type: 'aggregate',
    members: [{ group, weight: 1 }],
  });
  await keymux.api.changeGroup(group, { description: 'For everyone.' });
  const [bad = ''] = secrets;
  simulator.script({ match: { key: bad }, answer: fault('openai', 'invalid-key') });
  // The bad key is passed over once it is known: its request goes on with another.
  const { requestId } = await ask(url, 'openai', keymux.proxyKey, { stream: true });
  await keymux.api.log(requestId);
});

const dialogs: [string, (visitor: Visitor) => Promise<void>][] = [
  [
    'the drawer of a key',
    async ({ page, open }) => {
      await open(`/groups/${group}/keys`);
      await page.locator('km-key-table .scroller button.link').first().click();
      await page.getByRole('dialog').getByText('Timeline').waitFor();
      await page.getByRole('dialog').getByText('Imported').waitFor();
    },
  ],
  [
    'the preview of an import',
    async ({ page, open }) => {
      await open(`/groups/${group}/keys`);
      await page.getByRole('button', { name: 'Import keys' }).click();
      await page.getByRole('dialog').getByLabel('Keys', { exact: true }).fill('sk-one\nwr\u00f6ng');
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('1 key is new').waitFor();
    },
  ],
  [
    'the question before a deletion',
    async ({ page, open }) => {
      await open(`/groups/${group}`);
      await page.getByRole('button', { name: `Delete ${group}` }).click();
      await page.getByRole('dialog').getByRole('textbox').waitFor();
    },
  ],
  [
    'a request',
    async ({ page, open }) => {
      await open('/logs');
      await page.locator('a.when').first().click();
      await page.getByRole('dialog').getByRole('heading', { name: 'Attempts' }).waitFor();
    },
  ],
  [
    'changes of settings before they are saved',
    async ({ page, open }) => {
      await open('/settings');
      await page.getByLabel('Blacklist threshold').fill('7');
      await page.getByRole('button', { name: 'Review and save' }).click();
      await page.getByRole('dialog').getByText('Save these changes?').waitFor();
    },
  ],
  [
    'the preview of an undo',
    async ({ page, open }) => {
      await open('/activity');
      await page.getByRole('button', { name: 'Undo verdicts' }).click();
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText(/No key has such a verdict|would come back/).waitFor();
    },
  ],
  [
    'what another policy would have done',
    async ({ page, open }) => {
      await open(`/groups/${group}/what-if`);
      await page.getByLabel('Blacklist threshold').fill('1');
      await page.getByRole('button', { name: 'Try other rules' }).click();
      await page.getByRole('button', { name: 'Add a rule' }).click();
      await page.getByRole('button', { name: 'Replay' }).click();
      await page.getByText('Before and after').or(page.getByText('Nothing was recorded')).waitFor();
    },
  ],
];

describe.each(['light', 'dark'] as const)('the console in %s', (theme) => {
  const visitor = useBrowser(house, { theme });

  it('has no fault that axe finds before somebody signed in', async () => {
    await visitor.open('/sign-in');
    expect(await visitor.faults()).toEqual([]);
    await visitor.signIn();
  });

  it.each(pages)('has none on %s', async (path) => {
    await visitor.open(path);
    expect(await visitor.faults()).toEqual([]);
  });

  it.each(dialogs)('has none in %s', async (_, show) => {
    await show(visitor);
    expect(await visitor.faults()).toEqual([]);
  });
});

describe('the console on a phone of 360 px', () => {
  const visitor = useBrowser(house, { width: 360, height: 740 });

  it('does not scroll sideways before somebody signed in', async () => {
    await visitor.open('/sign-in');
    expect(await visitor.overhang()).toBe(0);
    await visitor.signIn();
  });

  it.each(pages)('does not on %s', async (path) => {
    await visitor.open(path);
    expect(await visitor.overhang()).toBe(0);
  });

  it.each(dialogs)('does not in %s', async (_, show) => {
    await show(visitor);
    expect(await visitor.overhang()).toBe(0);
  });
});
