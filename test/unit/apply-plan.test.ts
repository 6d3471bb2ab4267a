import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type ExistingWebhook,
  type OwnedWebhook,
  planApply,
} from '../../src/cli/apply/apply-plan.ts';
import { showResult } from '../../src/cli/apply/apply-show.ts';

const options = { prune: false, secrets: false };

const wanted = fc.record({
  name: fc.string(),
  accountId: fc.constantFrom('a', 'b'),
  fields: fc.record(
    {
      payloadUrl: fc.constantFrom('http://x', 'https://y', 'bare.example'),
      tries: fc.option(fc.integer({ min: 1, max: 9 })),
      categories: fc.array(fc.constantFrom('ActionEvent', 'AlertEvent')),
    },
    { requiredKeys: ['payloadUrl'] },
  ),
  secretFrom: fc.constantFrom(undefined, null, 'env:X'),
  headers: fc.constantFrom(undefined, null, { 'X-A': { value: '1' }, 'X-B': { from: 'env:Y' } }),
  filters: fc.option(
    fc.array(
      fc.record({
        mode: fc.constantFrom('Include', 'Exclude'),
        matchType: fc.constantFrom('Exact', 'Prefix'),
        value: fc.string(),
      }),
    ),
    { nil: undefined },
  ),
  position: fc.constant('file:1'),
});

/** The webhook as a server answers it once it is created, with the fields the server adds. */
function asCreated({
  name,
  accountId,
  fields,
  secretFrom,
  headers,
  filters,
}: OwnedWebhook): ExistingWebhook {
  const url = String(fields['payloadUrl']);
  return {
    id: name,
    name,
    accountId,
    state: 'Enabled',
    ...fields,
    payloadUrl: url.includes('://') ? url : `http://${url}`,
    hasSecret: typeof secretFrom === 'string',
    headers: headers && Object.fromEntries(Object.keys(headers).map(header => [header, '***'])),
    filters: (filters ?? []).toReversed().map((filter, id) => ({ ...filter, id, created: 'now' })),
  };
}

const distinct = fc.uniqueArray(wanted, {
  selector: ({ name, accountId }) => `${accountId} ${name}`,
});

describe('a plan', () => {
  it('creates everything where there is nothing, and keeps everything that was created so', () => {
    fc.assert(
      fc.property(distinct, all => {
        const first = planApply(all, [], options);
        expect(first.steps.every(({ action }) => action === 'create')).toBe(true);
        const second = planApply(all, all.map(asCreated), { ...options, prune: true });
        expect(second.problems).toEqual([]);
        expect(second.steps.filter(({ action }) => action !== 'keep')).toEqual([]);
      }),
    );
  });

  it('deletes nothing but what is wanted by nobody, and only when pruning', () => {
    fc.assert(
      fc.property(distinct, fc.nat(), (all, at) => {
        fc.pre(all.length > 0);
        const gone = all[at % all.length];
        const rest = all.filter(one => one !== gone);
        for (const prune of [true, false]) {
          const { steps } = planApply(rest, all.map(asCreated), { ...options, prune });
          const others = steps.filter(({ action }) => action !== 'keep');
          expect(others).toMatchObject([{ action: prune ? 'delete' : 'leave', name: gone?.name }]);
        }
      }),
    );
  });

  it('never shows a value that may be a secret', () => {
    fc.assert(
      fc.property(distinct, all => {
        const steps = planApply(all, all.map(asCreated), { prune: false, secrets: true }).steps;
        for (const step of [...steps, ...planApply(all, [], options).steps]) {
          const shown = showResult({ step, done: true });
          expect(shown.split('\n').filter(line => /headers\.X-A.* 1$/.test(line))).toEqual([]);
        }
      }),
    );
  });
});
