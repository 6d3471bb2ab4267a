/** Creating, testing, changing and deleting a webhook, in each role. */
import { describe, expect, it } from 'vitest';

import { people, type World } from '../world.ts';

const scopes = {
  admin: ['Local', 'Domain', 'Global'],
  dana: ['Local', 'Domain'],
  uma: ['Local'],
} as const;

export function webhookForm(worldOf: () => World): void {
  describe.each(Object.keys(scopes).filter(name => isPerson(name)))('%s', username => {
    it('creates a webhook with a secret and a filter, tests it, changes it, and deletes it', async () => {
      await using visitor = await worldOf().visit({
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      const { page } = visitor;
      const name = `Form of ${username} <b class="planted">b</b>`;
      worldOf().receiver.answerWith({ status: 200, body: '<b class="planted">thanks</b>' });
      await visitor.arrive(username, 'webhooks/new');
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
      await page.getByLabel('Payload URL').fill(`${worldOf().receiver.url}form/${username}`);
      const offered = await page.getByLabel('Scope').locator('option').allTextContents();
      expect(offered.map(text => text.split(':')[0])).toEqual(scopes[username]);
      await page.getByRole('button', { name: 'Generate a secret' }).click();
      const secret = await page.getByRole('textbox', { name: 'Secret', exact: true }).inputValue();
      expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
      await page.getByRole('button', { name: 'Send a test' }).click();
      await page.getByText('The test was delivered').waitFor();
      await page.getByLabel('Value').fill('VM.');
      await page.getByRole('button', { name: 'Add the filter' }).click();
      await page.getByRole('row', { name: 'VM.' }).waitFor();
      if (username === 'admin') {
        await page.getByLabel('Owner').selectOption({ label: 'owner (ROOT)' });
      }
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByRole('heading', { name, level: 1 }).waitFor();
      await page.getByRole('link', { name: 'Filters', exact: true }).click();
      await page.getByRole('row', { name: 'VM.' }).waitFor();
      await page.getByLabel('Value').fill('VM.STRAT');
      await page.getByRole('button', { name: 'Add the filter' }).click();
      await page.getByText('Did you mean VM.START?').waitFor();
      await page.getByRole('button', { name: 'Dismiss' }).last().click();
      await page.getByRole('link', { name: 'Settings' }).click();
      await page.getByText('webhook.delivery.tries').waitFor();
      await page.getByRole('link', { name: 'Audit' }).click();
      await page.getByText('webhook.created').waitFor();
      await page.getByRole('link', { name: 'Edit' }).click();
      await page.getByRole('textbox', { name: 'Description' }).fill('Changed');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Changed', { exact: true }).waitFor();
      expect(await page.locator('.planted').count()).toBe(0);
      await page.getByRole('button', { name: 'Delete…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Delete this webhook?' });
      expect(await dialog.textContent()).toContain(name);
      await dialog.getByRole('button', { name: 'Delete the webhook' }).click();
      await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor();
    });
  });

  describe('a form', () => {
    it('keeps what is typed when the session ends and when Hookline refuses it, and asks before it is left', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      visitor.expectComplaints(/40[01]/);
      await visitor.signIn('uma');
      await page.goto('webhooks/new');
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Kept');
      await page.getByLabel('Payload URL').fill('ftp://receiver.example/');
      await page.context().clearCookies();
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Username', { exact: true }).fill('uma');
      await dialog.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
      await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe(
        'Kept',
      );
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByText('The payload URL cannot be used').waitFor();
      expect(await page.getByLabel('Payload URL').inputValue()).toBe('ftp://receiver.example/');
      await page.getByRole('link', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Leave' }).click();
      await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor();
    });
  });
}

const isPerson = (name: string): name is keyof typeof people => name in people;
