/** The documentation of the API, which is shown under a policy that runs its own scripts alone. */
import { describe, expect, it } from 'vitest';

import type { World } from '../world.ts';

export function documentation(worldOf: () => World): void {
  describe('the documentation', () => {
    it('shows the API, and the browser complains about nothing', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      await page.goto('docs');
      await page.getByRole('heading', { name: /^Hookline/ }).waitFor();
      await page.getByText('/v1/webhooks', { exact: true }).first().waitFor();
      expect(await page.locator('.opblock').count()).toBeGreaterThan(30);
    });
  });
}
