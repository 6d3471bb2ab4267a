import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import { hasFailed, isOver, severities, severityOf } from '../../src/event/severity.ts';

const action = { category: 'ActionEvent', event: 'VM.START' } as const;
const alarm = { event: 'alarm-transitioned', details: { severity: 'CRITICAL' } };

it.each<[string, Envelope, string]>([
  ['an action that begins', { ...action, status: 'Started' }, 'info'],
  ['an action that is done', { ...action, status: 'Completed' }, 'info'],
  [
    "CloudStack's failure, which is called Completed",
    { ...action, status: 'Completed', description: 'Error while starting VM. Vm Id: 7' },
    'error',
  ],
  ["another cloud's failure", { event: 'vm.start', status: 'Failed' }, 'error'],
  ['an alert of CloudStack', { category: 'AlertEvent', event: 'ALERT.MEMORY' }, 'warning'],
  ['an alarm of critical severity', { ...alarm, status: 'ALARM' }, 'critical'],
  ['an alarm of low severity', { ...alarm, details: { severity: 'LOW' }, status: 'ALARM' }, 'info'],
  ['the same alarm when it is off', { ...alarm, status: 'OK' }, 'info'],
  ['an alarm without a severity', { event: 'alarm-transitioned', status: 'ALARM' }, 'error'],
  [
    'an alarm nobody has data of',
    { event: 'alarm-transitioned', status: 'UNDETERMINED' },
    'warning',
  ],
  [
    'an alert of Prometheus',
    { event: 'HostDown', status: 'firing', details: { severity: 'page' } },
    'critical',
  ],
  [
    'the same alert resolved',
    { event: 'HostDown', status: 'resolved', details: { severity: 'page' } },
    'info',
  ],
  ['a severity nobody knows', { event: 'e', details: { severity: 'purple' } }, 'info'],
  ['a severity that is no text', { event: 'e', details: { severity: 3 } }, 'info'],
  ['nothing but a name', { event: 'e' }, 'info'],
])('%s is as bad as its cloud means it', (_, envelope, severity) => {
  expect(severityOf(envelope)).toBe(severity);
});

it('has a severity for every envelope, and info for whatever is over', () => {
  const word = fc.oneof(
    fc.constantFrom('Completed', 'OK', 'ALARM', 'Failed', 'resolved'),
    fc.string(),
  );
  const anyEnvelope = fc.record(
    {
      event: fc.string(),
      status: word,
      description: fc.oneof(fc.constant('Error while x'), fc.string()),
      details: fc.dictionary(fc.constantFrom('severity', 'x'), fc.jsonValue()),
    },
    { requiredKeys: ['event'] },
  );
  fc.assert(
    fc.property(anyEnvelope, envelope => {
      expect(severities).toContain(severityOf(envelope));
      expect(isOver(envelope) && (hasFailed(envelope) || severityOf(envelope) !== 'info')).toBe(
        false,
      );
    }),
  );
});
