/**
 * Bucket notifications of Ceph's RADOS gateway and of MinIO, in the shape of Amazon's: one event a record.
 *
 *     {"Records":[{"eventSource":"ceph:s3","eventTime":"2019-11-22T13:47:35.124724Z","eventName":"ObjectCreated:Put",
 *      "userIdentity":{"principalId":"tester"},"s3":{"bucket":{"name":"photos","ownerIdentity":{"principalId":"tester"}},
 *      "object":{"key":"my image.jpg","size":"1024","eTag":"37b5…","sequencer":"F7E6…"}},"eventId":""}]}
 *
 * The event names of MinIO and Amazon begin with `s3:`, and their keys are URL-encoded with `+` for a blank; Ceph's are
 * neither. MinIO knows no owner of a bucket: what it writes in the owner's place is who made the request.
 *
 * Source: ceph doc/radosgw/notifications.rst and rgw_pubsub_s3_event::dump; minio internal/event/event.go and
 * eventArgs.ToEvent.
 */
import { MalformedMessageError } from '../../event/errors.ts';
import { at, firstName, textAt } from '../value/at.ts';
import { limited } from '../facts.ts';
import type { Facts } from '../facts.ts';
import { isObject, parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Normalizer, NormalizerOptions } from '../normalizer.ts';

export function createS3Normalizer(options: NormalizerOptions): Normalizer {
  const make = createEventMaker(options);
  return message => {
    const { Records: records } = options.scrubber.object(parseObject(message.body).value);
    if (!Array.isArray(records)) {
      throw new MalformedMessageError('there is no "Records" in the body; expected a list');
    }
    return limited(records).map((record, index) => {
      if (isObject(record)) return make(factsOf(record, index), record, message);
      throw new MalformedMessageError(`record ${index} is no JSON object; expected one`);
    });
  };
}

function factsOf(record: JsonObject, index: number): Facts {
  const eventName = textAt(record, 'eventName');
  const bucket = textAt(record, 's3.bucket.name');
  if (eventName === undefined || bucket === undefined) {
    throw new MalformedMessageError(
      `record ${index} has no "eventName" or no "s3.bucket.name"; expected both as text`,
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
    status: 'Completed',
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

interface StoredObject {
  readonly key?: string;
  readonly size?: number;
  readonly eTag?: string;
  readonly versionId?: string;
  readonly sequencer?: string;
}

/** Reads the object of a record; Ceph writes its size as text. */
function objectOf(record: JsonObject): StoredObject {
  const key = textAt(record, 's3.object.key');
  const size = firstName(record, ['s3.object.size']);
  const bytes = size === undefined || size === '' ? Number.NaN : Number(size);
  const eTag = textAt(record, 's3.object.eTag') ?? textAt(record, 's3.object.etag');
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

/** Builds the event's key. Ceph's `eventId` is often empty, and one request may have changed several objects. */
function keyOf(record: JsonObject, bucket: string): string | undefined {
  const eventId = textAt(record, 'eventId');
  const request = textAt(record, 'responseElements.x-amz-request-id');
  if (eventId === undefined && request === undefined) return undefined;
  if (eventId !== undefined) return eventId;
  const rest = ['s3.object.sequencer', 's3.object.key'].map(path => textAt(record, path) ?? '');
  return [request, record['eventName'], bucket, ...rest].join('/');
}
