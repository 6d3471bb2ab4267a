/** Whatever failed is `Failed` in every format that says how things ended, and what is not over is not told as done. */
import { expect, it } from 'vitest';

import { hasFailed, isOver } from '../../src/event/severity.ts';
import type { NormalizableFormat } from '../../src/normalize/source-formats.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { readEvents } from '../fixtures/read-events.ts';

const s3 = (eventName: string) => ({ Records: [{ eventName, s3: { bucket: { name: 'b' } } }] });
const vcd = (type: string, operationSuccess: boolean) => ({
  type: `com/vmware/vcloud/event/${type}`,
  operationSuccess,
});
const call = (facts: object) => ({ callId: 'c', method: 'vm.start', type: 'post', ...facts });
const job = (description: string) => ({ event: 'VM.START', status: 'Completed', description });
const pod = (result: string) => ({ resource_type: 'server', action: 'start', result });

it.each<[NormalizableFormat, object, failed: boolean, over: boolean]>([
  ['cloudstack', job('Error while starting VM'), true, false],
  ['cloudstack', job('Successfully completed starting VM'), false, true],
  ['xen-orchestra', call({ error: { code: 'VM_BAD', message: 'x' } }), true, false],
  ['xen-orchestra', call({ error: { code: 1 } }), true, false],
  ['xen-orchestra', call({ error: 'x' }), true, false],
  ['xen-orchestra', call({ type: 'pre' }), false, false],
  ['xen-orchestra', call({ result: true }), false, true],
  ['s3', s3('s3:Replication:OperationFailedReplication'), true, false],
  ['s3', s3('s3:ObjectTransition:Failed'), true, false],
  ['s3', s3('s3:Replication:OperationMissedThreshold'), false, false],
  ['s3', s3('s3:Replication:OperationNotTracked'), false, false],
  ['s3', s3('s3:ObjectRestore:Post'), false, false],
  ['s3', s3('s3:ObjectCreated:Put'), false, true],
  ['vcd', vcd('vm/create', false), true, false],
  ['vcd', vcd('task/fail', true), true, false],
  ['vcd', vcd('task/abort', true), true, false],
  ['vcd', vcd('blockingtask/fail', true), true, false],
  ['vcd', vcd('task/create', true), false, false],
  ['vcd', vcd('task/start', true), false, false],
  ['vcd', vcd('vm/create_request', true), false, false],
  ['vcd', vcd('task/complete', true), false, true],
  ['vcd', vcd('vm/create', true), false, true],
  ['cloudpods', pod('failed'), true, false],
  ['cloudpods', pod('succeed'), false, true],
  ['monasca', { alarm_id: 'a', state: 'ALARM' }, false, false],
  ['monasca', { alarm_id: 'a', state: 'UNDETERMINED' }, false, false],
  ['monasca', { alarm_id: 'a', state: 'OK' }, false, true],
])('%s: %j has failed: %s, is over: %s', (format, body, failed, over) => {
  const message = messageFrom({ body: JSON.stringify(body) });
  const [event] = readEvents(format, { now: () => nowMs })(message);
  const envelope = event?.envelope ?? { event: '' };
  expect({ failed: hasFailed(envelope), over: isOver(envelope) }).toEqual({ failed, over });
});
