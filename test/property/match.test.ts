/** The index against an oracle that looks at every webhook and follows every parent, one by one. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { categories } from '../../src/event/envelope.ts';
import type { Envelope } from '../../src/event/envelope.ts';
import type { Proven } from '../../src/event/event.ts';
import { severities, severityOf } from '../../src/event/severity.ts';
import {
  filterMatchTypes,
  filterModes,
  filterTypes,
  scopes,
  webhookStates,
} from '../../src/webhook/words.ts';
import type { Webhook, WebhookFilter } from '../../src/webhook/webhook.ts';
import { createMatchIndex } from '../../src/match/match-index.ts';
import { webhookOf } from '../fixtures/webhook.ts';

const pick = (...names: readonly string[]) => fc.constantFrom(...names);
const domain = pick('d0', 'd1', 'd2', 'd3', 'd4');
const account = pick('a0', 'a1', 'a2', 'a3');
/** What events may name an account by: its id or its alias. */
const named = pick('a0', 'a1', 'a2', 'a3', 'alias-a0', 'alias-a1', 'alias-a2', 'alias-a3');
const anyEvent = fc.oneof(
  pick('VM.START', 'VM.STOP', 'VOLUME.START', 'vm.start', 'VM'),
  fc.string(),
);
const plainTypes = filterTypes.filter(type => type !== 'Expression' && type !== 'Severity');
const onType: fc.Arbitrary<WebhookFilter> = fc.record({
  mode: fc.constantFrom(...filterModes),
  matchType: fc.constantFrom(...filterMatchTypes),
  value: fc.oneof(pick('VM.START', 'VM', 'START', '.', 'M.S', 'vm'), fc.string({ maxLength: 2 })),
});
/** Mostly on the event type; a value that is a fact's as often as not. */
const anyFilter: fc.Arbitrary<WebhookFilter> = fc.oneof(
  onType,
  fc
    .tuple(
      onType,
      fc.constantFrom(...plainTypes),
      pick('a0', 'Volume', 'Vol', 'Failed', 'nova', 'u'),
    )
    .map(([filter, type, value]) => ({ ...filter, type, value })),
  fc
    .tuple(onType, fc.constantFrom(...severities))
    .map(([filter, value]) => ({ ...filter, type: 'Severity' as const, value })),
  fc
    .tuple(onType, pick('status = "Failed"', '$exists(entity)', 'original.size > 1', 'nothing'))
    .map(([filter, value]) => ({ ...filter, type: 'Expression' as const, value })),
);
const anyWebhook: fc.Arbitrary<Webhook> = fc
  .record({
    id: pick('w0', 'w1', 'w2', 'w3', 'w4', 'w5'),
    state: fc.constantFrom(...webhookStates, 'Enabled' as const),
    scope: fc.constantFrom(...scopes),
    accountId: account,
    domainId: domain,
    categories: fc.oneof(
      fc.constant(['ActionEvent']),
      fc.subarray<string>([...categories, '*', 'Unheard']),
    ),
    filters: fc.oneof(fc.constant([]), fc.array(anyFilter, { maxLength: 4 })),
  })
  .map(webhookOf);
const anyEnvelope: fc.Arbitrary<Envelope> = fc.record(
  {
    event: anyEvent,
    category: fc.constantFrom(...categories, 'ActionEvent' as const),
    account: named,
    project: named,
    entity: pick('Volume', 'VirtualMachine'),
    entityuuid: pick('u0', 'u1'),
    status: pick('Failed', 'Completed', 'Volume'),
    source: pick('nova', 'a0'),
  },
  { requiredKeys: ['event'] },
);

/** An event: its envelope, and whom it proves to concern. A user is an account, if the directory knows them. */
type Told = readonly [Envelope, Proven];
const anyTold: fc.Arbitrary<Told> = fc.tuple(
  fc.oneof(
    anyEnvelope,
    anyEnvelope.map(({ account: _a, project: _p, ...others }) => others),
  ),
  fc.record({ provenDomain: domain, provenUser: named }, { requiredKeys: [] }),
);

/** What a change does to the index, and to the plain maps the oracle reads. */
interface Plain {
  readonly webhooks: Map<string, Webhook>;
  readonly parents: Map<string, string | undefined>;
  readonly accounts: Map<string, { domainId: string; alias?: string }>;
}
type Change = (index: ReturnType<typeof createMatchIndex>, plain: Plain) => void;

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: anyWebhook.map((webhook): Change => (index, { webhooks }) => {
      index.upsertWebhook(webhook);
      webhooks.set(webhook.id, webhook);
    }),
  },
  anyWebhook.map(({ id }): Change => (index, { webhooks }) => {
    index.removeWebhook(id);
    webhooks.delete(id);
  }),
  fc
    .tuple(domain, fc.option(domain, { nil: undefined }))
    .map(([id, parentId]): Change => (index, { parents }) => {
      index.setDomain({ id, ...(parentId !== undefined && { parentId }) });
      parents.set(id, parentId);
    }),
  domain.map((id): Change => (index, { parents }) => {
    index.removeDomain(id);
    parents.delete(id);
  }),
  {
    weight: 3,
    arbitrary: fc
      .tuple(account, domain, fc.boolean())
      .map(([id, domainId, hasAlias]): Change => (index, { accounts }) => {
        const facts = { domainId, ...(hasAlias && { alias: `alias-${id}` }) };
        index.setAccount({ id, ...facts });
        accounts.set(id, facts);
      }),
  },
  account.map((id): Change => (index, { accounts }) => {
    index.removeAccount(id);
    accounts.delete(id);
  }),
);

function isBelow(parents: Plain['parents'], id: string, top: string): boolean {
  let at: string | undefined = id;
  for (let steps = 0; at !== undefined && steps <= parents.size; steps += 1) {
    if (at === top) return true;
    at = parents.get(at);
  }
  return false;
}

const bodyOf = ({ entity }: Envelope): string =>
  JSON.stringify({ size: entity === 'Volume' ? 2 : '2' });

function hitsByTheBook({ type = 'EventType', matchType, value }: WebhookFilter, all: Envelope) {
  if (type === 'Expression') {
    if (value === 'status = "Failed"') return all.status === 'Failed';
    if (value === '$exists(entity)') return all.entity !== undefined;
    return value === 'original.size > 1' && all.entity === 'Volume';
  }
  const fact = {
    EventType: all.event,
    Entity: all.entity,
    EntityUuid: all.entityuuid,
    Status: all.status,
    Account: all.account,
    Source: all.source,
    Severity: severityOf(all),
  }[type];
  if (fact === undefined) return false;
  const at = fact.indexOf(value);
  const end = fact.lastIndexOf(value);
  if (matchType === 'Exact') return fact === value;
  if (matchType === 'Prefix') return at === 0;
  if (matchType === 'Suffix') return end !== -1 && end + value.length === fact.length;
  return at !== -1;
}

function wantsByTheBook({ filters }: Webhook, envelope: Envelope): boolean {
  if (filters.some(one => one.mode === 'Exclude' && hitsByTheBook(one, envelope))) return false;
  const includes = filters.filter(({ mode }) => mode === 'Include');
  return includes.every(({ type = 'EventType' }) =>
    includes.some(one => (one.type ?? 'EventType') === type && hitsByTheBook(one, envelope)),
  );
}

/** An account by its id before one by its alias. */
function accountByTheBook(name: string | undefined, { accounts }: Plain): string | undefined {
  if (name === undefined || accounts.has(name)) return name;
  for (const [id, { alias }] of accounts) if (alias === name) return id;
  return undefined;
}

/**
 * The account before the project, which only CloudStack's events go by, and both before the user and the domain that are
 * proven.
 */
function placeByTheBook([{ account: own, project, category }, proven]: Told, plain: Plain) {
  for (const name of [own, category && project, proven.provenUser]) {
    const owner = accountByTheBook(name, plain);
    if (owner !== undefined) return { owner, home: plain.accounts.get(owner)?.domainId };
  }
  const { provenDomain: home } = proven;
  return home !== undefined && plain.parents.has(home) ? { home } : {};
}

function isOwed(webhook: Webhook, told: Told, plain: Plain): boolean {
  const [envelope] = told;
  const { category } = envelope;
  if (webhook.state === 'Disabled' || !wantsByTheBook(webhook, envelope)) return false;
  if (category !== undefined && !webhook.categories.some(one => one === '*' || one === category))
    return false;
  if (webhook.scope === 'Global') return true;
  const { owner, home } = placeByTheBook(told, plain);
  if (webhook.scope === 'Local') return webhook.accountId === owner;
  return home !== undefined && isBelow(plain.parents, home, webhook.domainId);
}

const idsOf = (webhooks: Iterable<Webhook>) => [...webhooks].map(({ id }) => id).toSorted();

describe('the match index', () => {
  it('answers as a look at every webhook does, after any changes in any order', () => {
    const matched = { Local: 0, Domain: 0, Global: 0 };
    let byDomain = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyChange, anyTold), { minLength: 30, maxLength: 60 }),
        steps => {
          const index = createMatchIndex();
          const plain: Plain = { webhooks: new Map(), parents: new Map(), accounts: new Map() };
          const answers = steps.map(([change, told]) => {
            change(index, plain);
            const [envelope, proven] = told;
            const owed = [...plain.webhooks.values()].filter(one => isOwed(one, told, plain));
            const { owner, home } = placeByTheBook(told, plain);
            for (const { scope } of owed) {
              matched[scope] += 1;
              if (scope === 'Domain' && owner === undefined && home !== undefined) byDomain += 1;
            }
            return {
              answer: idsOf(index.match(envelope, bodyOf(envelope), proven)),
              expected: idsOf(owed),
            };
          });
          // One assertion for a run: there are thousands of steps.
          expect(answers.map(({ answer }) => answer)).toEqual(
            answers.map(({ expected }) => expected),
          );
          expect([...plain.webhooks.values()].every(one => index.webhook(one.id) === one)).toBe(
            true,
          );
        },
      ),
      { numRuns: 500 },
    );
    expect(Math.min(byDomain, ...Object.values(matched))).toBeGreaterThan(100);
  });

  it('explains exactly the webhooks it matches as matched', () => {
    fc.assert(
      fc.property(
        fc.array(anyChange, { maxLength: 40 }),
        anyTold,
        (changes, [envelope, proven]) => {
          const index = createMatchIndex();
          const plain: Plain = { webhooks: new Map(), parents: new Map(), accounts: new Map() };
          for (const change of changes) change(index, plain);
          const explained = [...index.explain({ envelope, body: bodyOf(envelope), ...proven })];
          expect(idsOf(explained.map(({ webhook }) => webhook))).toEqual(
            [...plain.webhooks.keys()].toSorted(),
          );
          expect(explained.every(({ matched, coveredBy }) => !matched || coveredBy)).toBe(true);
          expect(
            idsOf(explained.filter(({ matched }) => matched).map(({ webhook }) => webhook)),
          ).toEqual(idsOf(index.match(envelope, bodyOf(envelope), proven)));
        },
      ),
    );
  });
});

function passes(filters: readonly WebhookFilter[], envelope: Envelope): boolean {
  const index = createMatchIndex();
  index.upsertWebhook(webhookOf({ filters }));
  return index.match(envelope, bodyOf(envelope)).length === 1;
}

describe('filters', () => {
  it('do not depend on their order', () => {
    const shuffled = fc
      .array(anyFilter)
      .chain(filters =>
        fc.tuple(fc.constant(filters), fc.shuffledSubarray(filters, { minLength: filters.length })),
      );
    fc.assert(
      fc.property(shuffled, anyEnvelope, ([filters, others], envelope) => {
        expect(passes(others, envelope)).toBe(passes(filters, envelope));
      }),
    );
  });

  it('never let more through for one Exclude more', () => {
    fc.assert(
      fc.property(fc.array(anyFilter), anyFilter, anyEnvelope, (filters, filter, envelope) => {
        const more = [...filters, { ...filter, mode: 'Exclude' as const }];
        expect(passes(filters, envelope) || !passes(more, envelope)).toBe(true);
      }),
    );
  });
});
