/** A RabbitMQ that others run: users with few permissions, and policies that take messages away. */
import { beforeAll, describe, expect, it } from 'vitest';

import { examine } from '../../src/doctor/examine.ts';
import { judgeRabbitmq } from '../../src/doctor/rabbitmq.ts';
import {
  inspectRabbitmq,
  type InspectOptions,
} from '../../src/source/rabbitmq/rabbitmq-inspect.ts';
import { captureLog } from '../conformance/source-log.ts';
import {
  administrate,
  type Permissions,
  type RabbitmqAdmin,
} from '../service/rabbitmq-management.ts';
import { type Rabbitmq, startRabbitmq } from '../service/rabbitmq.ts';
import { uniqueName } from '../service/shared.ts';
import { plantWitness } from '../service/rabbitmq-witness.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openChannel, startSource } from './rabbitmq-harness.ts';

let broker: Rabbitmq;
let admin: RabbitmqAdmin;

beforeAll(async () => {
  broker = await startRabbitmq({ own: true, management: true });
  admin = administrate(broker);
  return async () => broker.stop();
});

async function findingsOf(options: Partial<InspectOptions> & { readonly url: string }) {
  const source = {
    name: 'rabbitmq',
    exchange: ['nova'],
    bindings: ['#'],
    queue: 'hookline',
    queueType: 'classic' as const,
    log: captureLog(),
    ...options,
  };
  return examine('source', async signal =>
    judgeRabbitmq(await inspectRabbitmq(source, signal), source),
  );
}

/** An exchange and a queue bound to it, as an operator's definitions make them. */
async function makePlace(): Promise<{ readonly exchange: string; readonly queue: string }> {
  const [exchange, queue] = [uniqueName('nova'), uniqueName('hookline')];
  await using operator = await openChannel(broker.url);
  await operator.channel.assertExchange(exchange, 'topic', { durable: true });
  await operator.channel.assertQueue(queue, {
    durable: true,
    arguments: { 'x-queue-type': 'classic' },
  });
  await operator.channel.bindQueue(queue, exchange, '#');
  return { exchange, queue };
}

describe('a user who may only read', () => {
  it('suffices for a queue that is declared and bound by others', async () => {
    const { exchange, queue } = await makePlace();
    const url = await admin.addUser(uniqueName('reader'), { read: `^${queue}$` });
    await using run = startSource({ url, exchange: [], queues: [queue] });
    await run.untilRunning();
    await using operator = await openChannel(broker.url);
    operator.channel.publish(exchange, 'a', Buffer.from('1'));
    await run.untilReceived(1);
    expect(await findingsOf({ url, queues: [queue] })).toMatchObject([
      { state: 'ok', found: `queue ${queue} has 0 messages, 1 consumer` },
    ]);
  });

  it('is told what is missing where the queue is to be bound', async () => {
    const { exchange, queue } = await makePlace();
    const url = await admin.addUser(uniqueName('reader'), { read: '.*' });
    await using run = startSource({ url, exchange: [exchange], queue });
    await run.untilReason(new RegExp(`access to queue '${queue}' in vhost '/' refused`));
    await using operator = await openChannel(broker.url);
    operator.channel.publish(exchange, 'a', Buffer.from('1'));
    // The operator has bound it: what it holds is taken all the same.
    await run.untilReceived(1);
    expect(run.source.status().state).toBe('waiting');
  });
});

describe('the doctor of permissions', () => {
  const everything = { configure: '.*', write: '.*', read: '.*' };
  it.each([
    ['none is missing', everything, 'ok', /^$/],
    ['write on the queue', { configure: '.*', read: '.*' }, 'fail', /write on hookline-/],
    ['read on the queue', { ...everything, read: '^nova' }, 'fail', /read on hookline-/],
    ['read on the exchange', { ...everything, read: '^hookline' }, 'fail', /read on nova-/],
  ] as const)(
    'names what is missing where the queue exists: %s',
    async (_what, given, state, hint) => {
      const url = await admin.addUser(uniqueName('user'), given satisfies Permissions);
      const { exchange, queue } = await makePlace();
      const [, second] = await findingsOf({ url, exchange: [exchange], queue });
      expect(second?.state).toBe(state);
      expect(second?.hint ?? '').toMatch(hint);
    },
  );

  it('fails where the queue does not exist and the user cannot create it, and creates none', async () => {
    const { exchange } = await makePlace();
    const queue = uniqueName('hookline');
    const url = await admin.addUser(uniqueName('user'), { write: '.*', read: '.*' });
    const findings = await findingsOf({ url, exchange: [exchange], queue });
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'fail', 'fail']);
    expect(findings[1]?.hint).toContain(`the permission configure on ${queue}`);
    await using operator = await openChannel(broker.url);
    await expect(operator.channel.checkQueue(queue)).rejects.toThrow(/no queue/);
  });

  it('fails where an exchange is to be declared and may not be', async () => {
    const { queue } = await makePlace();
    const exchange = uniqueName('absent');
    const declare = { type: 'topic', durable: true, autoDelete: false };
    const url = await admin.addUser(uniqueName('user'), { ...everything, configure: '^hookline' });
    const findings = await findingsOf({ url, exchange: [exchange], queue, declare });
    expect(findings[1]).toMatchObject({ state: 'fail' });
    expect(findings[1]?.hint).toContain(`the permission configure on ${exchange}`);
    await using run = startSource({ url, exchange: [exchange], queue, declare });
    await run.untilReason(/access to exchange .* refused/);
  });

  it.each([
    ['no permissions in it', true],
    ['no such virtual host', false],
  ] as const)('says in words why a virtual host is refused: %s', async (_what, exists) => {
    const vhost = uniqueName('vhost');
    if (exists) await admin.addVhost(vhost);
    const user = uniqueName('user');
    const url = `${await admin.addUser(user, everything)}/${vhost}`.replace(/(?<!:)\/\//, '/');
    const [finding] = await findingsOf({ url });
    expect(finding?.found).toBe(
      `the broker refuses the virtual host '${vhost}' to user '${user}' (530): it does not exist, the user has no permissions in it, or its limit of connections is reached`,
    );
    expect(finding?.hint).toContain('set_permissions');
    await using run = startSource({ url, exchange: ['nova'] });
    await run.untilReason(/refuses the virtual host/);
  });
});

describe('policies and arguments that drop messages', () => {
  const cases = [
    ['messages that wait', { 'message-ttl': 3_600_000 }, {}, /waited for 3600000 ms \(policy/],
    ['an unused queue', { expires: 3_600_000 }, {}, /consumed it for 3600000 ms \(policy/],
    ['too many', { 'max-length': 10 }, {}, /holds more than 10 \(policy/],
    ['too many bytes', { 'max-length-bytes': 1_000 }, {}, /more than 1000 bytes \(policy/],
    [
      'returned ones',
      { 'delivery-limit': 3 },
      { 'x-queue-type': 'quorum' },
      /returned 3 times \(pol/,
    ],
    ['an argument', undefined, { 'x-message-ttl': 3_600_000 }, /\(argument x-message-ttl\)/],
    ['a harmless policy', { 'dead-letter-exchange': 'dead' }, {}, /^$/],
    ['none', undefined, {}, /^$/],
  ] as const;

  it('are named by the source and by the doctor', async () => {
    const { managementUrl } = broker;
    await using operator = await openChannel(broker.url);
    const queues = await Promise.all(
      cases.map(async ([, definition, args]) => {
        const queue = uniqueName('dropping');
        if (definition) {
          await admin.addPolicy('policies', queue, { pattern: `^${queue}$`, definition });
        }
        await operator.channel.assertQueue(queue, { durable: true, arguments: args });
        return queue;
      }),
    );
    const [first = ''] = queues;
    const strict = { pattern: `^${first}$`, definition: { 'max-length': 5 } };
    await admin.addPolicy('operator-policies', 'strict', strict);
    const options = { url: broker.url, managementUrl, exchange: [], queues, policyMs: 200 };
    await using run = startSource(options);
    // The management plugin learns of policies with the statistics of a queue, every five seconds.
    await waitUntil(
      'all policies to be told',
      () => (run.source.status().warnings?.length ?? 0) >= 7,
      60_000,
    );
    const warnings = run.source.status().warnings ?? [];
    for (const [at, [, , , words]] of cases.entries()) {
      const own = warnings.find(warning => warning.includes(queues[at] ?? ''));
      expect(own ?? '').toMatch(words);
    }
    expect(warnings).toContainEqual(
      expect.stringMatching(/more than 5 \(.*operator policy strict/),
    );
    const findings = await findingsOf({ ...options });
    expect(findings.filter(({ state }) => state === 'warn').map(({ found }) => found)).toEqual(
      warnings,
    );
  });

  it('are not guessed at where the management API refuses the user', async () => {
    const { queue } = await makePlace();
    const { managementUrl = '' } = broker;
    const url = await admin.addUser(uniqueName('reader'), { read: '.*' });
    const { origin } = new URL(managementUrl);
    const findings = await findingsOf({ url, managementUrl: origin, queues: [queue] });
    expect(findings[0]).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/^the management API at .* does not tell .*it answers 401/),
    });
    const gone = { url, managementUrl: 'http://127.0.0.1:1', queues: [queue] };
    expect((await findingsOf(gone))[0]?.found).toMatch(/ECONNREFUSED/);
  });
});

describe('a restart of the broker', () => {
  it('is noticed although publishers were back first: by exchanges that are not durable, and by no other', async () => {
    const exchange = ['passing', 'durable'].map(uniqueName);
    const declare = async (): Promise<void> => {
      await using operator = await openChannel(broker.url);
      for (const name of exchange) {
        await operator.channel.assertExchange(name, 'topic', {
          durable: name.startsWith('durable'),
        });
      }
    };
    await declare();
    const options = { url: broker.url, exchange, queue: uniqueName('hookline') };
    await using before = startSource(options);
    await before.untilRunning();
    await before.stop();
    await using unbothered = startSource(options);
    await unbothered.untilRunning();
    expect(unbothered.source.status()).not.toHaveProperty('bindingsRestored');
    await unbothered.stop();
    const isKept = await plantWitness(broker.url);
    await broker.restart();
    await declare();
    await using after = startSource(options);
    await after.untilRunning();
    const { bindingsRestored: told } = after.source.status();
    // A broker that keeps such exchanges has kept the binding, too: there was no hole to tell of.
    const isForgotten = !(await isKept());
    expect(told ? [told.exchange, told.count] : []).toEqual(isForgotten ? [exchange[0], 1] : []);
    expect(told?.reason?.startsWith('the broker has restarted, and the exchange') ?? false).toBe(
      isForgotten,
    );
  });
});
