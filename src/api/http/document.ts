/** What the OpenAPI document says of the API as a whole; each route says its own part. */
import { sessionCookie } from '../../access/cookie.ts';

/** Where the document is: beside the other paths of the API, and where tools look for it. */
export const documentPaths = ['/v1/openapi.json', '/openapi.json'] as const;

/** How callers of protected routes authenticate: with a token or a session. */
const security: Record<string, string[]>[] = [{ token: [] }, { session: [] }];

/** The tags of operations: the nouns of the API. */
const tags = [
  { name: 'health', description: 'Whether a process can do its work, and its metrics.' },
  { name: 'access', description: 'Logging in, users, tokens, API keys, and who changed what.' },
  { name: 'webhooks', description: 'Webhooks with their filters, secrets and test deliveries.' },
  { name: 'deliveries', description: 'What became of the events that webhooks are owed.' },
  { name: 'events', description: 'The recorded events.' },
  { name: 'formats', description: 'What requests look like.' },
  { name: 'quarantine', description: 'Messages that could not be decoded.' },
  { name: 'directory', description: 'The domains and accounts of the cloud.' },
  { name: 'sources', description: 'Where events come from.' },
  { name: 'stats', description: 'Counts and durations of deliveries.' },
  { name: 'settings', description: 'Settings that are kept in the database.' },
];

/** @param version of the program. */
export function describeApi(version: string) {
  return {
    openapi: '3.1.0' as const,
    info: {
      title: 'Hookline',
      version,
      description:
        'Webhooks for cloud events. Errors are RFC 9457 problems with a stable `code`; lists are paged with `limit` and `cursor`. The `operationId` of an operation never changes, so that generated clients keep the names of their functions.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Where this document comes from.' }],
    tags,
    components: {
      securitySchemes: {
        token: { type: 'http' as const, scheme: 'bearer' },
        session: { type: 'apiKey' as const, in: 'cookie' as const, name: sessionCookie },
      },
    },
    security,
  };
}
