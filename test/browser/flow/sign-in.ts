/** Getting in and out, and the page that everything else is shown on. */
import { describe, expect, it } from 'vitest';

import { people, type World } from '../world.ts';

export function signIn(worldOf: () => World): void {
  describe('signing in', () => {
    it.each(Object.keys(people))('lets %s in with the password, and out again', async username => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      await visitor.signIn(username);
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      expect(await page.getByRole('navigation').getByRole('link').allTextContents()).toContain(
        'Webhooks',
      );
      await page.reload();
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Hookline' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Sign in to Hookline' }).waitFor();
    });

    it('says so when the password is wrong', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      visitor.expectComplaints(/401/);
      await page.goto('');
      await page.getByLabel('Username', { exact: true }).fill('uma');
      await page.getByLabel('Password', { exact: true }).fill('wrong');
      await page.keyboard.press('Enter');
      expect(await page.getByRole('alert').textContent()).toContain(
        'The username or the password is wrong',
      );
    });

    it('asks again over the page when the session has ended', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      visitor.expectComplaints(/401/);
      await visitor.signIn('uma');
      await page.goto('webhooks');
      await page.getByLabel('Name, description or URL contains').fill('kept');
      await page.context().clearCookies();
      await page.getByLabel('State').selectOption('Disabled');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Username', { exact: true }).fill('uma');
      await dialog.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
      await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await page.getByLabel('Name, description or URL contains').inputValue()).toBe('kept');
    });
  });

  describe('the page itself', () => {
    it('is the same at every address that is none of the API, and says when there is no such page', async () => {
      await using visitor = await worldOf().visit();
      await visitor.signIn('uma');
      await visitor.page.goto('no/such/page');
      await visitor.page.getByRole('heading', { name: 'Page not found' }).waitFor();
      expect(await visitor.page.title()).toBe('Page not found · Hookline');
    });

    it('lets nobody frame it, and nothing run that does not come from Hookline', async () => {
      const answer = await fetch(worldOf().url, { headers: { accept: 'text/html' } });
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|data:|\*/);
      expect(await answer.text()).not.toMatch(/<style|\sstyle=|<script(?![^>]* src=)|\son\w+=/);
    });
  });
}
