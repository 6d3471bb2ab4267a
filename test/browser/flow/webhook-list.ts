/** The list of webhooks: who sees which, how they are found, what is done to several at once. */
import { beforeAll, describe, expect, it } from 'vitest';

import { domain, markup, people, type World } from '../world.ts';

interface Given {
  readonly accountId: string;
  readonly [field: string]: string;
}

async function create(
  { receiver, hookline }: World,
  names: readonly string[],
  given: Given,
): Promise<void> {
  for (const name of names) {
    const payloadUrl = `${receiver.url}${given.accountId}/${encodeURIComponent(name)}`;
    await hookline.ask('POST', '/v1/webhooks', { name, payloadUrl, ...given });
  }
}

const rowsOf = (names: readonly string[]): RegExp => new RegExp(names.join('|'));

export function webhookList(worldOf: () => World): void {
  describe('the list of webhooks', () => {
    beforeAll(async () => {
      await create(worldOf(), [`uma one ${markup}`, 'uma two', 'uma three'], { accountId: 'uma' });
      await create(worldOf(), ['all of acme'], {
        accountId: 'dana',
        scope: 'Domain',
        domainId: domain,
      });
      await create(worldOf(), ['operations'], { accountId: 'owner', scope: 'Global' });
    });

    it('teaches the next step while there are none', async () => {
      const account = { id: 'new', name: 'new', domainId: domain, kind: 'user' };
      await worldOf().hookline.ask('POST', '/v1/accounts', account);
      const user = { username: 'newcomer', password: 'correct horse battery staple', role: 'User' };
      await worldOf().hookline.ask('POST', '/v1/users', { ...user, accountId: 'new' });
      await using visitor = await worldOf().visit();
      await visitor.arrive('newcomer', 'webhooks');
      const about = visitor.page.getByText('A webhook sends the events of your account');
      await about.waitFor();
      expect(await visitor.page.getByRole('table').count()).toBe(0);
    });

    it.each([
      ['admin', ['uma one', 'uma two', 'uma three', 'all of acme', 'operations']],
      ['dana', ['uma one', 'uma two', 'uma three', 'all of acme']],
      ['uma', ['uma one', 'uma two', 'uma three']],
    ] as const)('shows %s what the role may see', async (username, names) => {
      await using visitor = await worldOf().visit();
      await visitor.arrive(username, 'webhooks');
      const rows = visitor.page.getByRole('row', { name: rowsOf(names) });
      await rows.first().waitFor();
      expect(await visitor.page.getByRole('rowheader').count()).toBe(names.length);
      expect(await visitor.page.locator('.planted').count()).toBe(0);
    });

    it('is filtered by text, state, health and scope, by an address that can be sent on', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      await visitor.arrive('admin', 'webhooks');
      const heads = page.getByRole('rowheader');
      await page.getByLabel('Name, description or URL contains').fill('UMA');
      await expect.poll(async () => heads.count()).toBe(3);
      await page.getByLabel('Name, description or URL contains').fill('');
      await page.getByLabel('Scope').selectOption('Domain');
      await expect.poll(async () => heads.allTextContents()).toHaveLength(1);
      await page.reload();
      await expect.poll(async () => heads.allTextContents()).toHaveLength(1);
      await page.getByLabel('Health').selectOption('open');
      await page.getByRole('heading', { name: 'No webhook matches' }).waitFor();
      await page.getByRole('button', { name: 'Clear the filters' }).click();
      await expect.poll(async () => heads.count()).toBe(5);
    });

    it.each(Object.keys(people))(
      'lets %s disable, enable and delete several at once',
      async username => {
        const accountId = username === 'admin' ? 'owner' : username;
        await create(worldOf(), [`${username} a`, `${username} b ${markup}`], { accountId });
        await using visitor = await worldOf().visit();
        const { page } = visitor;
        await visitor.arrive(username, 'webhooks');
        await page.getByLabel('Name, description or URL contains').fill(`${username} `);
        for (const letter of ['a', 'b']) {
          await page
            .getByRole('checkbox', {
              name: `Select ${username} ${letter}${letter === 'a' ? '' : ` ${markup}`}`,
              exact: true,
            })
            .check();
        }
        const list = /\/v1\/webhooks\?/;
        const held = Promise.withResolvers<void>();
        await page.route(list, async route => held.promise.then(async () => route.continue()));
        await page.getByRole('button', { name: 'Pause' }).click();
        await page.getByText('Paused 2 webhooks.').waitFor();
        // The list still shows what was before; whoever goes on meanwhile keeps what they choose.
        for (const letter of ['a', 'b']) {
          await page
            .getByRole('checkbox', { name: `Select ${username} ${letter}` })
            .first()
            .check();
        }
        held.resolve();
        await page.unrouteAll({ behavior: 'wait' });
        const paused = page
          .getByRole('row', { name: `${username} ` })
          .filter({ hasText: 'Paused' });
        await expect.poll(async () => paused.count()).toBe(2);
        await page.getByText('2 selected').waitFor();
        await page.getByRole('button', { name: 'Disable…' }).click();
        await page.getByRole('button', { name: 'Disable 2 webhooks' }).click();
        await page.getByText('Disabled 2 webhooks.').waitFor();
        await page.getByLabel('State').selectOption('Disabled');
        await expect.poll(async () => page.getByRole('rowheader').count()).toBe(2);
        await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
        await page.getByRole('button', { name: 'Delete…' }).click();
        const dialog = page.getByRole('dialog', { name: 'Delete 2 webhooks?' });
        expect(await dialog.textContent()).toContain(markup);
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
        await page.getByRole('button', { name: 'Delete…' }).click();
        await dialog.getByRole('button', { name: 'Delete 2 webhooks' }).click();
        await page.getByText('Deleted 2 webhooks.').waitFor();
        await page.getByRole('heading', { name: 'No webhook matches' }).waitFor();
      },
    );
  });
}
