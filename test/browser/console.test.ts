/** The console in a real browser, before a real Hookline: they are started once for all that people do there. */
import { afterAll, beforeAll } from 'vitest';

import { delivery } from './flow/delivery.ts';
import { documentation } from './flow/documentation.ts';
import { everyPage } from './flow/every-page.ts';
import { signIn } from './flow/sign-in.ts';
import { webhookForm } from './flow/webhook-form.ts';
import { webhookList } from './flow/webhook-list.ts';
import { openWorld, type World } from './world.ts';

let world: World;
const worldOf = (): World => world;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());

signIn(worldOf);
webhookList(worldOf);
webhookForm(worldOf);
delivery(worldOf);
everyPage(worldOf);
documentation(worldOf);
