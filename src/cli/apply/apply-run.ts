/** Does one step of a plan at the server. */
import type { HeaderValue } from './apply-file.ts';
import type { FilterChanges, Step } from './apply-plan.ts';
import type { Client } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';

/** What `env:NAME` and `file:PATH` stand for. */
export type Secrets = ReadonlyMap<string, string>;

/** Where a step's secrets are that have to be sent. */
export function originsOf({ wanted, sendsSecret, headers }: Step): string[] {
  const secret = sendsSecret === true ? wanted?.secretFrom : undefined;
  return [
    ...(typeof secret === 'string' ? [secret] : []),
    ...Object.values(headers ?? {}).flatMap(value => ('from' in value ? [value.from] : [])),
  ];
}

/** @throws {CommandError} as the API answers. */
export async function runStep(client: Client, step: Step, secrets: Secrets): Promise<void> {
  const { action, id = '', filters } = step;
  const path = `/v1/webhooks/${encodeURIComponent(id)}`;
  switch (action) {
    case 'create':
      await client.send('POST', '/v1/webhooks', toBody(step, secrets));
      return;
    case 'change': {
      const body = toBody(step, secrets);
      if (Object.keys(body).length > 0) await client.send('PATCH', path, body);
      if (filters) await changeFilters(client, `${path}/filters`, filters);
      return;
    }
    case 'delete':
      await client.send('DELETE', path);
      return;
    case 'keep':
    case 'leave':
  }
}

function toBody(step: Step, secrets: Secrets): Row {
  const { action, wanted, changes, headers, filters } = step;
  const secret = wanted?.secretFrom;
  const isNew = action === 'create';
  const changed = changes.filter(({ field }) => wanted && field in wanted.fields);
  return {
    ...(isNew
      ? { ...wanted?.fields, name: wanted?.name, accountId: step.accountId }
      : Object.fromEntries(changed.map(({ field, after }) => [field, after]))),
    ...(step.sendsSecret === true && {
      secretKey: typeof secret === 'string' ? secrets.get(secret) : null,
    }),
    ...(headers !== undefined && { headers: headers && valuesOf(step, headers, secrets) }),
    ...(isNew && filters && { filters: filters.added }),
  };
}

/** All of them: what a change does not name is gone. Those that stay as they are, are sent as they are shown. */
function valuesOf(
  { changes }: Step,
  headers: Readonly<Record<string, HeaderValue>>,
  secrets: Secrets,
): Row {
  const anew = new Set(changes.map(({ field }) => field));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (!anew.has(`headers.${name}`)) return [name, '***'];
      return [name, 'from' in value ? secrets.get(value.from) : value.value];
    }),
  );
}

/**
 * Adds before it removes, so that the webhook does not get, for a moment, what neither the old nor the new filters let
 * through. What contradicts a filter that goes is added after it.
 */
async function changeFilters(
  client: Client,
  path: string,
  { added, removed }: FilterChanges,
): Promise<void> {
  const later: Row[] = [];
  for (const filter of added) {
    await client.send('POST', path, filter).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
      later.push(filter);
    });
  }
  for (const { id } of removed) {
    await client.send('DELETE', `${path}/${encodeURIComponent(String(id))}`);
  }
  for (const filter of later) await client.send('POST', path, filter);
}

const isConflict = (error: unknown): boolean =>
  error instanceof CommandError && error.problem['code'] === 'filter_conflict';
