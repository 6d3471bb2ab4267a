/**
 * What it costs to find the webhooks of one event among 100,000 webhooks of 10,000 accounts, and how much more a look at
 * every webhook would cost. Prints µs per event (minimum, median and maximum of the rounds), writes nothing.
 *
 *     node test/bench/match.ts
 */
import type { Envelope } from '../../src/event/envelope.ts';
import type { Webhook, WebhookFilter } from '../../src/webhook/webhook.ts';
import { compileConditions, mismatchOf } from '../../src/match/conditions.ts';
import { createMatchIndex } from '../../src/match/match-index.ts';
import { Subject } from '../../src/match/subject.ts';
import { webhookOf } from '../fixtures/webhook.ts';

const roundCount = 11;
const accountCount = 10_000;
/** 1 root, 100 below it, 1,000 below those; ten accounts in each of the last. */
const domains = [
  { id: 'd' },
  ...Array.from({ length: 100 }, (_, at) => ({ id: `d/${at}`, parentId: 'd' })),
  ...Array.from({ length: 1_000 }, (_, at) => ({
    id: `d/${at % 100}/${at}`,
    parentId: `d/${at % 100}`,
  })),
];
const accounts = Array.from({ length: accountCount }, (_, at) => ({
  id: `a${at}`,
  domainId: domains[101 + (at % 1_000)]?.id ?? 'd',
}));
const events = ['VM.START', 'VM.STOP', 'VOLUME.ATTACH', 'SNAPSHOT.CREATE', 'USER.LOGIN'];
const filters: readonly (readonly WebhookFilter[])[] = [
  [],
  [],
  [{ mode: 'Include', matchType: 'Prefix', value: 'VM.' }],
  [
    { mode: 'Include', matchType: 'Exact', value: 'VOLUME.ATTACH' },
    { mode: 'Exclude', matchType: 'Contains', value: 'LOGIN' },
  ],
];
/** Nine Local ones to an account, the rest Domain, ten Global. */
const webhooks: readonly Webhook[] = Array.from({ length: 100_000 }, (_, at) =>
  webhookOf({
    id: `0198c0de-0000-7000-8000-${String(at).padStart(12, '0')}`,
    scope: at < 10 ? 'Global' : at < 10_000 ? 'Domain' : 'Local',
    accountId: `a${at % accountCount}`,
    domainId: domains[at % domains.length]?.id ?? 'd',
    filters: filters[at % filters.length] ?? [],
  }),
);

function build() {
  const index = createMatchIndex();
  for (const domain of domains) index.setDomain(domain);
  for (const account of accounts) index.setAccount(account);
  for (const webhook of webhooks) index.upsertWebhook(webhook);
  return index;
}

const compiled = webhooks.map(webhook => ({ webhook, conditions: compileConditions(webhook) }));
const domainOf = new Map(accounts.map(({ id, domainId }) => [id, domainId]));

/** The peer: the same filters and the same way up the tree, and every webhook looked at. */
function scan(envelope: Envelope): Webhook[] {
  const home = domainOf.get(envelope.account ?? '') ?? '';
  const way = new Set([home, home.slice(0, home.lastIndexOf('/')), 'd']);
  return compiled
    .filter(
      ({ webhook: { scope, accountId, domainId }, conditions }) =>
        (scope === 'Global' ||
          (scope === 'Local' ? accountId === envelope.account : way.has(domainId))) &&
        mismatchOf(conditions, new Subject(envelope)) === undefined,
    )
    .map(({ webhook }) => webhook);
}

/** The accounts are far apart, so that no event finds the last one's data in the processor's cache. */
function envelopeAt(at: number): Envelope {
  const event = events[at % events.length] ?? 'VM.START';
  return { category: 'ActionEvent', event, account: `a${(at * 7_919) % accountCount}` };
}

function measure(match: (envelope: Envelope) => readonly Webhook[], eventCount: number) {
  const envelopes = Array.from({ length: eventCount }, (_, at) => envelopeAt(at));
  let matchCount = 0;
  const started = process.hrtime.bigint();
  for (const envelope of envelopes) matchCount += match(envelope).length;
  const us = Number(process.hrtime.bigint() - started) / 1e3 / eventCount;
  return { us, matchCount };
}

function print(name: string, values: readonly number[], unit: string): number {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const shown = [sorted[0], median, sorted.at(-1)].map(value => value?.toFixed(2).padStart(10));
  process.stdout.write(`${name.padEnd(34)}${shown.join('')}  ${unit}\n`);
  return median;
}

const rounds = Array.from({ length: roundCount }, () => {
  const started = process.hrtime.bigint();
  const index = build();
  const buildMs = Number(process.hrtime.bigint() - started) / 1e6;
  // The first calls compile the code; they are not what a running process pays.
  measure(envelope => index.match(envelope), 2_000);
  const indexed = measure(envelope => index.match(envelope), 50_000);
  const scanned = measure(scan, 40);
  return { buildMs, indexed, scanned };
});

const perEvent = matchesPerEvent();
process.stdout.write(
  `${webhooks.length} webhooks, ${accounts.length} accounts, ${domains.length} domains; ` +
    `${perEvent.toFixed(1)} webhooks matched per event; ${roundCount} rounds\n` +
    `${''.padEnd(34)}${['min', 'median', 'max'].map(word => word.padStart(10)).join('')}\n`,
);
print(
  'build the index',
  rounds.map(({ buildMs }) => buildMs),
  'ms',
);
const indexedUs = print(
  'match one event',
  rounds.map(({ indexed }) => indexed.us),
  'µs',
);
const scannedUs = print(
  'look at every webhook',
  rounds.map(({ scanned }) => scanned.us),
  'µs',
);
process.stdout.write(`the index is ${(scannedUs / indexedUs).toFixed(0)} times as fast\n`);

/** Matches per event, after making sure that both ways find the same. */
function matchesPerEvent(): number {
  const index = build();
  const eventCount = 50;
  const found = measure(envelope => index.match(envelope), eventCount).matchCount;
  const looked = measure(scan, eventCount).matchCount;
  if (found !== looked) throw new Error(`the index finds ${found}, the scan ${looked}`);
  return found / eventCount;
}
