/** The words that keys take, and the names that are fixed. */

export const proxyResolves = ['here', 'proxy'] as const;
export type ProxyResolve = (typeof proxyResolves)[number];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export const signatureEncodings = ['base64', 'hex'] as const;
export type SignatureEncoding = (typeof signatureEncodings)[number];

/** The formats a source may speak. */
export const sourceFormats = [
  'cloudstack',
  'openstack',
  'monasca',
  'vcd',
  's3',
  'cloudevents',
  'json',
  'xen-orchestra',
  'cloudpods',
  'alertmanager',
] as const;
export type SourceFormat = (typeof sourceFormats)[number];

export const queueTypes = ['quorum', 'classic'] as const;
export type QueueType = (typeof queueTypes)[number];

export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

export const hmacAlgorithms = ['sha256', 'sha1', 'sha512'] as const;
export type HmacAlgorithm = (typeof hmacAlgorithms)[number];

export const hmacEncodings = ['hex', 'base64'] as const;
export type HmacEncoding = (typeof hmacEncodings)[number];

/** The name under which `POST /v1/events` is a source: it is always there. */
export const ownSourceName = 'api';
