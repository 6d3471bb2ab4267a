/** What the console is shown with: a running Hookline behind a RabbitMQ, people of each role, webhooks and events. */
import type { Browser } from 'playwright-core';

import { actionMessage, type CloudMessage } from '../demo/cloudstack-message.ts';
import { adminPassword, type HooklineProcess } from '../e2e/hookline.ts';
import { openStage, type Stage } from '../e2e/stage.ts';
import { startChromium } from '../service/chromium.ts';
import { type Receiver, startReceiver } from '../service/receiver.ts';
import { visit, type Visitor } from './visitor.ts';

export interface World extends AsyncDisposable {
  readonly stage: Stage;
  readonly hookline: HooklineProcess;
  readonly url: string;
  readonly browser: Browser;
  readonly receiver: Receiver;
  visit(options?: Parameters<Browser['newContext']>[0]): Promise<Visitor>;
  /** Events of these accounts, one each, on the bus. */
  publish(events: readonly { readonly event: string; readonly account: string }[]): Promise<void>;
  /** Puts a message that cannot be read on the bus. */
  publishMalformed(): Promise<void>;
}

/** Each with the role, and the account that a person of that role acts for. */
export const people = {
  admin: { role: 'Admin' },
  dana: { role: 'DomainAdmin', accountId: 'dana' },
  uma: { role: 'User', accountId: 'uma' },
} as const;

export const domain = 'acme';

/** Text that a browser would take for markup, were it ever inserted as such. */
export const markup = '<b class="planted">bold</b>';

const malformed: CloudMessage = {
  category: 'ActionEvent',
  routingKey: 'management-server.ActionEvent.VM-START.VirtualMachine.x',
  key: null,
  body: `no JSON, but ${markup}`,
};

export async function openWorld(environment: Record<string, string> = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const browser = await startChromium();
  stack.defer(async () => browser.close());
  const stage = stack.use(await openStage());
  const receiver = stack.use(await startReceiver());
  const hookline = stack.use(await stage.start(environment));
  const url = await hookline.untilStarted();
  await hookline.ask('POST', '/v1/domains', { id: domain, name: 'acme' });
  for (const [username, person] of Object.entries(people)) {
    if (!('accountId' in person)) continue;
    const { role, accountId } = person;
    const account = { id: accountId, name: accountId, domainId: domain, kind: 'user' };
    await hookline.ask('POST', '/v1/accounts', account);
    await hookline.ask('POST', '/v1/users', { username, password: adminPassword, role, accountId });
  }
  const owned = stack.move();
  return {
    stage,
    hookline,
    url,
    browser,
    receiver,
    visit: async options => visit({ browser, url, ...(options && { options }) }),
    publish: async events =>
      stage.publish(
        events.map(({ event, account }) =>
          actionMessage({
            at: new Date(),
            event,
            status: 'Completed',
            description: `${event} ${markup}`,
            user: stage.dice.uuid(),
            account,
            entity: { kind: 'VirtualMachine', uuid: stage.dice.uuid() },
          }),
        ),
      ),
    publishMalformed: async () => stage.publish([malformed]),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
