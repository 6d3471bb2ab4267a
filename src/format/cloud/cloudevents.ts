/**
 * CloudEvents 1.0 over HTTP: structured, where the body has everything, and binary, where the attributes are headers.
 *
 * Source: cloudevents/spec 1.0.2: spec.md, HTTP protocol binding section 3, JSON format section 2; extensions severity and
 * partitioning; http-webhook.md for the handshake that `validation` asks for (dispatch/test-delivery/validate.ts).
 */
import { severityOf, type Severity } from '../../event/severity.ts';
import type { Envelope } from '../../event/envelope.ts';
import type { Format, FormatEvent } from '../format.ts';
import { userAgent } from '../json.ts';
import { timeOfEvent } from '../words.ts';

/**
 * @example body {"specversion":"1.0","id":"01a1fb67-…","source":"/cloudstack/management-server",
 *   "type":"org.apache.cloudstack.VM.START","subject":"b4e2…","time":"2024-07-10T08:05:07.000Z", …, "data":{…}}
 */
export const cloudEvents: Format = {
  name: 'cloudevents',
  description: 'CloudEvents 1.0, structured: one JSON object with attributes and data.',
  takes: {},
  arrayType: 'application/cloudevents-batch+json',
  render: event => ({
    eventId: event.id,
    body: Buffer.from(
      JSON.stringify({
        ...attributesOf(event),
        datacontenttype: 'application/json',
        data: dataOf(event),
      }),
    ),
    headers: [...userAgent, 'Content-Type', 'application/cloudevents+json'],
  }),
};

/** @example headers ['ce-specversion', '1.0', 'ce-id', '01a1fb67-…', …], body {"id":"01a1fb67-…", …} */
export const cloudEventsBinary: Format = {
  name: 'cloudevents-binary',
  description: 'CloudEvents 1.0, binary: attributes as ce- headers, the envelope as the body.',
  takes: {},
  render: event => ({
    eventId: event.id,
    body: Buffer.from(JSON.stringify(dataOf(event))),
    headers: [
      ...userAgent,
      ...Object.entries(attributesOf(event)).flatMap(([name, value]) => [
        `ce-${name}`,
        attributeHeader(String(value)),
      ]),
      'Content-Type',
      'application/json',
    ],
  }),
};

function dataOf({ id, envelope }: FormatEvent): object {
  return { id, ...envelope };
}

function attributesOf(event: FormatEvent): Readonly<Record<string, string | number>> {
  const { id, envelope } = event;
  const severity = severityOf(envelope);
  return {
    specversion: '1.0',
    id,
    source: sourceOf(envelope),
    type: typeOf(envelope),
    ...(envelope.entityuuid !== undefined && {
      subject: envelope.entityuuid,
      partitionkey: envelope.entityuuid,
    }),
    time: timeOfEvent(event),
    severitytext: severity.toUpperCase(),
    severitynumber: severityNumbers[severity],
  };
}

/** Numbers of OpenTelemetry's log data model. */
const severityNumbers: Readonly<Record<Severity, number>> = {
  info: 9,
  warning: 13,
  error: 17,
  critical: 21,
};

/** Builds the source, a URI reference: `/cloudstack/management-server`, `/openstack/nova`. */
function sourceOf({ category, source = 'unknown' }: Envelope): string {
  const cloud = category === undefined ? (clouds.get(source) ?? other) : cloudStack;
  return `/${cloud.name}/${encodeURIComponent(source)}`;
}

/** Matches a name that begins with a reversed domain, as vCenter's and Cloud Director's do; it stays as it is. */
const REVERSED_DOMAIN = /^(?:com|org|net|io|dev)[./]/;

function typeOf({ category, event, source = '' }: Envelope): string {
  if (category !== undefined) return `${cloudStack.domain}.${event}`;
  if (REVERSED_DOMAIN.test(event)) return event.replaceAll('/', '.');
  return `${(clouds.get(source) ?? other).domain}.${event.replace(/^s3:/, 's3.')}`;
}

interface Cloud {
  readonly name: string;
  /** Prefix of its event types. */
  readonly domain: string;
}

const cloudStack: Cloud = { name: 'cloudstack', domain: 'org.apache.cloudstack' };
const openStack: Cloud = { name: 'openstack', domain: 'org.openstack' };
const objectStore: Cloud = { name: 's3', domain: 'com.amazonaws' };
const other: Cloud = { name: 'cloud', domain: 'cloud' };

/** Clouds by the envelope's source, as the decoders of `normalize/` write it. */
const clouds: ReadonlyMap<string, Cloud> = new Map([
  ...[
    'nova',
    'cinder',
    'neutron',
    'glance',
    'keystone',
    'heat',
    'designate',
    'trove',
    'octavia',
  ].map(service => [service, openStack] as const),
  ['monasca', { name: 'monasca', domain: 'org.openstack.monasca' }],
  ['ceph', objectStore],
  ['minio', objectStore],
  ['vcd', { name: 'vcd', domain: 'com.vmware.vcloud' }],
  ['xen-orchestra', { name: 'xen-orchestra', domain: 'org.xen-orchestra' }],
  ['cloudpods', { name: 'cloudpods', domain: 'org.cloudpods' }],
  ['alertmanager', { name: 'prometheus', domain: 'io.prometheus.alertmanager' }],
]);

/** Source: HTTP protocol binding 1.0.2, section 3.1.3.2. */
const NOT_PRINTABLE = /[^\x21\x23\x24\x26-\x7e]+/gu;

function attributeHeader(value: string): string {
  return value.replace(NOT_PRINTABLE, encodeURIComponent);
}
