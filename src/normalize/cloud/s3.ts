/**
 * Bucket notifications of Ceph's RADOS gateway and of MinIO, in the shape of Amazon's: one event a record.
 *
 *     {"Records":[{"eventSource":"ceph:s3","eventTime":"2019-11-22T13:47:35.124724Z","eventName":"ObjectCreated:Put",
 *      "userIdentity":{"principalId":"tester"},"s3":{"bucket":{"name":"photos","ownerIdentity":{"principalId":"tester"}},
 *      "object":{"key":"my image.jpg","size":"1024","eTag":"37b5…","sequencer":"F7E6…"}},"eventId":""}]}
 *
 * The event names of MinIO and Amazon begin with `s3:`, and their keys are URL-encoded with `+` for a blank; Ceph's are
 * neither. MinIO knows no owner of a bucket: what it writes in the owner's place is who made the request, and nobody where it acted
 * by itself (`Internal: [ILM-Expiry]`, `Internal: [Replication]`) or does not know who asked.
 *
 * Source: ceph doc/radosgw/notifications.rst and rgw_pubsub_s3_event::dump; minio internal/event/event.go and name.go,
 * eventArgs.ToEvent; docs.aws.amazon.com, "Event notification types and destinations".
 */
import { MalformedMessageError } from '../../event/errors.ts';
import { at, firstName, textAt } from '../value/at.ts';
import { decodeItems } from '../decode-items.ts';
import { limited } from '../facts.ts';
import type { Facts } from '../facts.ts';
import { isObject, parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Decoder, NormalizerOptions } from '../normalizer.ts';

export function createS3Normalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  return message => {
    const body = options.scrubber.object(parseObject(message.body).value);
    const { Records: records } = body;
    if (body['Event'] === testEvent) return [];
    if (!Array.isArray(records)) {
      throw new MalformedMessageError('there is no "Records" in the body; expected a list');
    }
    return decodeItems<unknown>(limited(records), {
      read(record) {
        if (isObject(record)) return [make(factsOf(record), record, message)];
        throw new MalformedMessageError('the record is no JSON object; expected one');
      },
      alone: record => ({ Records: [record] }),
    });
  };
}

/** What Amazon sends to try a notification that is being set up. */
const testEvent = 's3:TestEvent';

function factsOf(record: JsonObject): Facts {
  const eventName = textAt(record, 'eventName');
  const bucket = textAt(record, 's3.bucket.name');
  if (eventName === undefined || bucket === undefined) {
    throw new MalformedMessageError(
      'the record has no "eventName" or no "s3.bucket.name"; expected both as text',
    );
  }
  const event = eventName.startsWith('s3:') ? eventName : `s3:${eventName}`;
  const isBucket = event.startsWith('s3:Bucket');
  const object = isBucket ? {} : objectOf(record);
  return {
    event,
    entity: isBucket ? 'Bucket' : 'Object',
    entityuuid: isBucket ? (textAt(record, 's3.bucket.id') ?? bucket) : idOf(bucket, object.key),
    account: at(record, 's3.bucket.ownerIdentity.principalId'),
    user: at(record, 'userIdentity.principalId'),
    domain: tenantIn(textAt(record, 's3.bucket.arn')),
    status: statusOf(event),
    eventDateTime: record['eventTime'],
    description: describe(bucket, object),
    source: textAt(record, 'eventSource')?.replace(/:s3$/, '') ?? 's3',
    details: {
      bucket,
      ...object,
      region: record['awsRegion'],
      opaqueData: record['opaqueData'],
    },
    key: keyOf(record, bucket),
  };
}

/** Events of MinIO, Amazon and Ceph that tell of no success; all others do. */
const statuses: ReadonlyMap<string, string> = new Map([
  ['s3:Replication:OperationFailedReplication', 'Failed'],
  ['s3:ObjectTransition:Failed', 'Failed'],
  ['s3:ReducedRedundancyLostObject', 'Failed'],
  // Late, and not given up: `OperationReplicatedAfterThreshold` follows.
  ['s3:Replication:OperationMissedThreshold', 'MissedThreshold'],
  ['s3:Replication:OperationNotTracked', 'NotTracked'],
  // Asked for; `Completed` follows.
  ['s3:ObjectRestore:Post', 'Started'],
  ['s3:ObjectRestore:Initiated', 'Started'],
]);

/** A name that nobody knows yet, and that says itself that something failed, is no success either. */
function statusOf(event: string): string {
  return statuses.get(event) ?? (/Fail(?:ed|ure)/.test(event) ? 'Failed' : 'Completed');
}

interface StoredObject {
  readonly key?: string;
  readonly size?: number;
  readonly eTag?: string;
  readonly versionId?: string;
  readonly sequencer?: string;
}

/** Reads the object of a record. Ceph writes its size as text, and MinIO leaves out that of an empty one. */
function objectOf(record: JsonObject): StoredObject {
  const key = textAt(record, 's3.object.key');
  const eTag = textAt(record, 's3.object.eTag') ?? textAt(record, 's3.object.etag');
  const isEmpty = eTag !== undefined && textAt(record, 'eventSource') === 'minio:s3';
  const bytes = Number(firstName(record, ['s3.object.size']) ?? (isEmpty ? 0 : Number.NaN));
  const versionId = textAt(record, 's3.object.versionId');
  const sequencer = textAt(record, 's3.object.sequencer');
  return {
    key: key === undefined || isCeph(record) ? key : decoded(key),
    size: Number.isSafeInteger(bytes) ? bytes : undefined,
    eTag,
    versionId,
    sequencer,
  };
}

function isCeph(record: JsonObject): boolean {
  return textAt(record, 'eventSource')?.startsWith('ceph:') === true;
}

/** Decodes a key; one with a lone `%` is taken as it is. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

function idOf(bucket: string, key: string | undefined): string | undefined {
  return key === undefined ? undefined : `${bucket}/${key}`;
}

function describe(bucket: string, { key, size, eTag }: StoredObject): string {
  return [
    key === undefined ? bucket : `${bucket}/${key}`,
    ...(size === undefined ? [] : [`${size} bytes`]),
    ...(eTag === undefined ? [] : [`ETag ${eTag}`]),
  ].join(', ');
}

/** Finds the tenant in `arn:aws:s3:zonegroup:tenant:bucket`: Ceph writes it where Amazon writes the account. */
function tenantIn(arn: string | undefined): string | undefined {
  return arn?.split(':')[4];
}

/**
 * Builds the event's key. Ceph's `eventId` is often empty, and one request may have changed several objects. What MinIO does by
 * itself has no request: its time tells it apart, because replication repeats the object's sequencer.
 */
function keyOf(record: JsonObject, bucket: string): string | undefined {
  const eventId = textAt(record, 'eventId');
  if (eventId !== undefined) return eventId;
  const request = textAt(record, 'responseElements.x-amz-request-id');
  const sequencer = textAt(record, 's3.object.sequencer');
  const time = textAt(record, 'eventTime');
  if (request === undefined && (sequencer === undefined || time === undefined)) return undefined;
  return [
    textAt(record, 'responseElements.x-minio-deployment-id'),
    request ?? time,
    textAt(record, 'eventName'),
    bucket,
    textAt(record, 's3.object.versionId'),
    sequencer,
    textAt(record, 's3.object.key'),
  ].join('/');
}
