/**
 * `npm run demo`: a cloud's events on a real broker, Hookline with a database of its own, and a receiver that prints
 * each delivery. Nothing of it is left when it ends.
 *
 *     npm run demo [-- --broker rabbitmq|kafka|none] [--events N] [--exit]
 *
 * Without a broker, or where no RabbitMQ can be had, the events are posted to Hookline.
 *
 * With `--exit` it ends by itself once the N events were delivered, and with code 0 only when each of them was, once or
 * more, to every webhook it is owed to, with a valid signature, and is recorded as delivered.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { type ReceivedRequest, startReceiver } from '../service/receiver.ts';
import { createListeners, type Listener, Tally } from './audience.ts';
import { type Broker, brokers, type Bus, startBus } from './bus.ts';
import { type Cloud, createCloud } from './cloud.ts';
import { type Hookline, startHookline } from './hookline.ts';

interface Options {
  /** Absent: RabbitMQ, or none where it cannot be had. */
  readonly broker?: Broker;
  /** Infinity: until Ctrl-C. */
  readonly events: number;
  readonly exit: boolean;
}

interface Stage {
  readonly cloud: Cloud;
  readonly bus: Bus;
  readonly hookline: Hookline;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

const seed = 1;
/** A change of a webhook takes effect within a second (contract 1.6). */
const effectMs = 1_000;
/** Between two events when nobody waits for the end. */
const paceMs = 200;
const batchMax = 20;
const deliveryDeadlineMs = 60_000;

/** What shells expect of a program that Ctrl-C ended. */
const interruptedCode = 130;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The second one does not wait: what still runs notices that we are gone and ends by itself.
  process.once(name, () => {
    say('Stopping…');
    interrupted.abort();
    process.once(name, () => process.exit(interruptedCode));
  });
}

const chosen = readOptions();
if (chosen !== undefined) {
  try {
    process.exitCode = await run(chosen, interrupted.signal);
  } catch (error) {
    // Ctrl-C reaches the programs that fetch and install something as well: their failure is no news then.
    if (!interrupted.signal.aborted) complain(error);
  }
  // To interrupt a demo without an end is to use it as meant.
  if (interrupted.signal.aborted) process.exitCode = chosen.exit ? interruptedCode : 0;
}

/** @returns the exit code, for when nobody interrupts. */
async function run(options: Options, signal: AbortSignal): Promise<number> {
  const cloud = createCloud(seed);
  const listeners = createListeners(cloud);
  const tally = new Tally(listeners);
  await using receiver = await startReceiver({ remember: false });
  receiver.answerWith(request => {
    const isGenuine = tally.receive(request);
    say(describe(request, isGenuine));
    return { status: isGenuine ? 200 : 401 };
  });
  await using bus = await chooseBus(options);
  if (signal.aborted) return 1;
  const onLine = (line: string): void => say(`hookline: ${line}`);
  await using hookline = await startHookline({ environment: bus.environment, onLine });
  await hookline.untilReady(signal);
  if (signal.aborted) return 1;
  await introduce(hookline, cloud, { listeners, receiverUrl: receiver.url });
  say(
    `The console of Hookline is at ${hookline.url}/, user admin, password ${hookline.adminPassword}`,
  );
  await pause(effectMs, signal);
  const startedAt = performance.now();
  const stage: Stage = { cloud, bus, hookline, tally, signal };
  await publishAll(stage, options);
  const recorded = options.exit ? await untilDelivered(stage) : await untilInterrupted(stage);
  return summarize(tally, { recorded, seconds: (performance.now() - startedAt) / 1_000 });
}

async function chooseBus({ broker }: Options): Promise<Bus> {
  if (broker === 'none') say('Starting PostgreSQL and Hookline; events are posted to it…');
  else say(`Starting ${broker ?? 'rabbitmq'}, PostgreSQL and Hookline…`);
  try {
    return await startBus(broker ?? 'rabbitmq');
  } catch (error) {
    // Who asked for a broker wants that one.
    if (broker !== undefined || interrupted.signal.aborted) throw error;
    say(error instanceof Error ? error.message : String(error));
    say('Going on without a broker: events are posted to Hookline, as by a cloud that has no bus.');
    return startBus('none');
  }
}

function describeUsage(): string {
  return `npm run demo -- [options]

  --broker rabbitmq|kafka|none  where the events come from; RabbitMQ, or none where it cannot be had
  --events <n>                  end the events after so many; without it they go on until Ctrl-C
  --exit                        end once they were delivered, with code 0 only when all of them were`;
}

function readOptions(): Options | undefined {
  if (['--help', '-h'].some(flag => process.argv.includes(flag))) {
    say(describeUsage());
    return undefined;
  }
  try {
    return parseOptions();
  } catch (error) {
    return complain(error);
  }
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      broker: { type: 'string' },
      events: { type: 'string' },
      exit: { type: 'boolean', default: false },
    },
  });
  const broker = brokers.find(name => name === values.broker);
  if (broker === undefined && values.broker !== undefined) {
    throw new Error(`--broker ${values.broker}: expected ${brokers.join(', ')}`);
  }
  const events = values.events === undefined ? Infinity : Number(values.events);
  if (values.events !== undefined && !(Number.isInteger(events) && events > 0)) {
    throw new Error(`--events ${values.events}: expected a whole number above 0`);
  }
  if (values.exit && values.events === undefined) {
    throw new Error('--exit: expected --events beside it, to know when the end is');
  }
  return { ...(broker !== undefined && { broker }), events, exit: values.exit };
}

/** Tells Hookline who the tenants are and who listens. */
async function introduce(
  hookline: Hookline,
  { domains, accounts }: Cloud,
  { listeners, receiverUrl }: { listeners: readonly Listener[]; receiverUrl: string },
): Promise<void> {
  for (const domain of domains) await hookline.post('/v1/domains', domain);
  for (const account of accounts) await hookline.post('/v1/accounts', account);
  for (const { name, secret, webhook } of listeners) {
    const payloadUrl = `${receiverUrl}${name}`;
    await hookline.post('/v1/webhooks', { name, payloadUrl, secretKey: secret, ...webhook });
  }
}

async function publishAll(
  { cloud, bus, hookline, tally, signal }: Stage,
  options: Options,
): Promise<void> {
  const publisher = bus.publisher(hookline.url);
  const batch = options.exit ? batchMax : 1;
  while (tally.events < options.events && !signal.aborted) {
    const length = Math.min(batch, options.events - tally.events);
    const messages = Array.from({ length }, () => cloud.next(new Date()));
    for (const message of messages) tally.publish(message);
    await publisher.publish(messages);
    if (!options.exit) await pause(paceMs, signal);
  }
}

async function untilInterrupted({ hookline, signal }: Stage): Promise<number> {
  if (!signal.aborted) say('All events are published. Ctrl-C ends the demo.');
  while (!signal.aborted) await pause(deliveryDeadlineMs, signal);
  return hookline.countDelivered();
}

/** Waits until all that is owed has come and is recorded, and gives the number recorded as delivered. */
async function untilDelivered({ hookline, tally, signal }: Stage): Promise<number> {
  const deadline = performance.now() + deliveryDeadlineMs;
  for (;;) {
    const recorded = tally.lost === 0 ? await hookline.countDelivered() : 0;
    const isOver = signal.aborted || performance.now() > deadline;
    if (recorded >= tally.owed || isOver) return recorded;
    await pause(paceMs, signal);
  }
}

/** Ends early when the demo is interrupted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function summarize(
  tally: Tally,
  { recorded, seconds }: { recorded: number; seconds: number },
): number {
  const { events, owed, delivered, lost, astray, duplicated, unverified } = tally;
  say('');
  say(`events      ${events}`);
  say(`deliveries  ${delivered} of ${owed} owed, ${recorded} recorded as delivered`);
  say(`lost        ${lost}`);
  say(`duplicated  ${duplicated}`);
  say(`seconds     ${seconds.toFixed(2)}`);
  if (unverified > 0) say(`${unverified} requests had no valid signature`);
  if (astray > 0) say(`${astray} deliveries went where they were not owed`);
  return lost + astray + unverified === 0 && recorded === owed ? 0 : 1;
}

function describe({ path, headers, body }: ReceivedRequest, isGenuine: boolean): string {
  const { status, entity, resource, entityuuid, id, instanceUuid }: Record<string, unknown> =
    JSON.parse(body.toString());
  const event = String(headers['x-cs-event'] ?? '-');
  const what = [status, entity ?? resource, entityuuid ?? id ?? instanceUuid].filter(Boolean);
  const verdict = isGenuine ? 'signature verified' : 'SIGNATURE INVALID';
  return `${path.slice(1).padEnd(10)} ${event.padEnd(20)} ${verdict}  ${what.join(' ')}`;
}

function complain(error: unknown): undefined {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
