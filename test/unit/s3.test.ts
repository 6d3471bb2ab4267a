/** MinIO's events as it told them (7aac2a2c5b7c), and the names that Amazon and Ceph use beside its own. */
import { describe, expect, it } from 'vitest';

import { isOver, severityOf } from '../../src/event/severity.ts';
import { incidentOf } from '../../src/format/incident/incident.ts';
import { isObject, type JsonObject } from '../../src/normalize/value/json.ts';
import type { MappingRules } from '../../src/normalize/mapping.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { readRecordings } from '../fixtures/recorded.ts';
import { readEvents } from '../fixtures/read-events.ts';

const read = (body: unknown, mapping: MappingRules = {}) =>
  readEvents('s3', { now: () => nowMs, mapping })(messageFrom({ body: JSON.stringify(body) }));
const recorded = readRecordings('minio').map(({ body }) => body);
const told = recorded.flatMap(body => read(body));

const record = (eventName: string, facts: object = {}) => ({
  Records: [
    {
      eventSource: 'minio:s3',
      eventName,
      s3: { bucket: { name: 'b' }, object: { key: 'k' } },
      ...facts,
    },
  ],
});

/** Copies a recording with one of its record's values replaced. */
function changed(body: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const copy: unknown = structuredClone(body);
  let place: unknown =
    isObject(copy) && Array.isArray(copy['Records']) ? copy['Records'][0] : undefined;
  for (const key of path.slice(0, -1)) place = isObject(place) ? place[key] : undefined;
  if (!isObject(copy) || !isObject(place)) throw new RangeError('there is such a place');
  Object.assign(place, { [path.at(-1) ?? '']: value });
  return copy;
}

describe('the recorded events of MinIO', () => {
  it('have a name each, also those that MinIO caused itself', () => {
    const names = told.map(({ key }) => key);
    expect(names).not.toContain(undefined);
    expect(new Set(names).size).toBe(recorded.length);
  });

  it.each([
    ['its deployment', ['responseElements', 'x-minio-deployment-id']],
    ['its name', ['eventName']],
    ['its bucket', ['s3', 'bucket', 'name']],
    ['its object', ['s3', 'object', 'key']],
    ['its version', ['s3', 'object', 'versionId']],
    ['its sequencer', ['s3', 'object', 'sequencer']],
    ['its time', ['eventTime']],
  ])('are told apart by %s where there was no request', (_, path) => {
    const internal = recorded.filter(body =>
      JSON.stringify(body).includes('"x-amz-request-id":""'),
    );
    expect(internal.length).toBeGreaterThanOrEqual(5);
    for (const body of internal) {
      const [event] = read(body);
      expect(read(structuredClone(body))[0]?.key).toBe(event?.key);
      const [other] = read(changed(body, path, '2026-11-30T10:07:24.205Z'));
      expect(other?.key).not.toBe(event?.key);
    }
  });

  it('have the size of an object also where it is empty', () => {
    const sizes = told.flatMap(({ envelope: { details } }) =>
      details?.['eTag'] === 'd41d8cd98f00b204e9800998ecf8427e' ? [details['size']] : [],
    );
    expect(sizes).toEqual([0, 0]);
    const removed = told.filter(({ envelope }) => envelope.event.startsWith('s3:ObjectRemoved:'));
    expect(removed.flatMap(({ envelope }) => envelope.details?.['size'] ?? [])).toEqual([]);
  });

  it('belong to whoever asked, and to nobody where MinIO does not say who', () => {
    for (const [index, body] of recorded.entries()) {
      const principal = /"principalId":"([^"]*)"/.exec(JSON.stringify(body))?.[1] ?? '';
      expect(told[index]?.envelope.account).toBe(principal === '' ? undefined : principal);
    }
    const nobody = told.filter(({ envelope }) => envelope.account === undefined);
    expect(nobody.map(({ envelope }) => envelope.event)).toEqual([
      's3:ObjectCreated:Post',
      's3:ObjectCreated:Put',
      's3:ObjectRemoved:Delete',
      's3:Replication:OperationCompletedReplication',
      's3:Replication:OperationFailedReplication',
      's3:Replication:OperationNotTracked',
      's3:ObjectCreated:Post',
      's3:ObjectRemoved:Delete',
    ]);
  });

  it.each([
    '$lookup({"exp":"acme","rep":"acme","plain":"acme"}, s3.bucket.name)',
    '/s3/bucket/name',
  ])('belong to the account that a mapping gives their bucket to: %s', account => {
    const events = recorded.flatMap(body => read(body, { account }));
    expect(
      events.find(({ envelope }) => envelope.event === 's3:ObjectCreated:Post')?.envelope.account,
    ).toBe(account.startsWith('/') ? 'plain' : 'acme');
  });
});

describe('the status of an event', () => {
  it.each([
    ['s3:ObjectCreated:Put', 'Completed', 'info', true],
    ['s3:ObjectRemoved:NoOP', 'Completed', 'info', true],
    ['s3:Replication:OperationCompletedReplication', 'Completed', 'info', true],
    ['s3:Replication:OperationReplicatedAfterThreshold', 'Completed', 'info', true],
    ['s3:Replication:OperationFailedReplication', 'Failed', 'error', false],
    ['s3:Replication:OperationMissedThreshold', 'MissedThreshold', 'info', false],
    ['s3:Replication:OperationNotTracked', 'NotTracked', 'info', false],
    ['s3:ObjectTransition:Failed', 'Failed', 'error', false],
    ['s3:ObjectTransition:Complete', 'Completed', 'info', true],
    ['s3:ObjectRestore:Post', 'Started', 'info', false],
    ['s3:ObjectRestore:Completed', 'Completed', 'info', true],
    ['s3:ReducedRedundancyLostObject', 'Failed', 'error', false],
    ['s3:SomethingNew:FailedOfLate', 'Failed', 'error', false],
    ['ObjectLifecycle:Expiration:Current', 'Completed', 'info', true],
    ['ObjectSynced:Create', 'Completed', 'info', true],
  ])('%s is %s', (name, status, severity, over) => {
    const [event] = read(record(name));
    const envelope = event?.envelope ?? { event: '' };
    expect(envelope.status).toBe(status);
    expect(severityOf(envelope)).toBe(severity);
    expect(isOver(envelope)).toBe(over);
  });

  it.each([
    ['Replication:OperationFailedReplication', 'Replication:OperationCompletedReplication'],
    ['ObjectTransition:Failed', 'ObjectTransition:Complete'],
  ])('lets %s open an incident that %s closes', (failed, done) => {
    const [opened, closed] = [failed, done].map(name => {
      const [event] = read(record(`s3:${name}`));
      return incidentOf({ id: name, envelope: event?.envelope ?? { event: '' }, body: '' });
    });
    expect(opened?.step).toBe('open');
    expect(closed?.step).toBe('close');
    expect(closed?.key).toBe(opened?.key);
  });
});

it('has no name where neither a request nor a sequencer and a time tell it apart', () => {
  expect(read(record('s3:ObjectCreated:Put'))[0]).not.toHaveProperty('key');
});
