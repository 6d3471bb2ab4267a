/** Runs the steps of a plan at the server. */
import type { Client } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';
import type { HeaderValue } from './apply-file.ts';
import type { FilterChanges, Step } from './apply-plan.ts';
import type { StepResult } from './apply-show.ts';

/** Secrets by their origins, `env:NAME` or `file:PATH`. */
export type Secrets = ReadonlyMap<string, string>;

/** Origins of the secrets that a step sends. */
export function originsOf({ declared, sendsSecret, headers }: Step): string[] {
  const secret = sendsSecret === true ? declared?.secretFrom : undefined;
  return [
    ...(typeof secret === 'string' ? [secret] : []),
    ...Object.values(headers ?? {}).flatMap(value => ('from' in value ? [value.from] : [])),
  ];
}

/** Runs deletions first, as a deleted webhook may have the URL of a new one. A step that fails stops no other. */
export async function runSteps(
  client: Client,
  steps: readonly Step[],
  secrets: Secrets,
): Promise<readonly StepResult[]> {
  const rank = { delete: 0, change: 1, create: 2, keep: 3, leave: 3 };
  const results = new Map<Step, StepResult>();
  for (const step of steps.toSorted((a, b) => rank[a.action] - rank[b.action])) {
    results.set(step, await tryStep(client, step, secrets));
  }
  return steps.flatMap(step => results.get(step) ?? []);
}

async function tryStep(client: Client, step: Step, secrets: Secrets): Promise<StepResult> {
  try {
    await runStep(client, step, secrets);
    return { step, done: step.action !== 'keep' && step.action !== 'leave' };
  } catch (error) {
    // Without access, or without a server, the other steps would fail as well.
    if (!(error instanceof CommandError) || error.outcome === 'away' || error.outcome === 'access')
      throw error;
    return { step, done: false, error: error.message };
  }
}

/** @throws {CommandError} as the API answers. */
async function runStep(client: Client, step: Step, secrets: Secrets): Promise<void> {
  const { action, id = '', filters } = step;
  const path = `/v1/webhooks/${encodeURIComponent(id)}`;
  switch (action) {
    case 'create':
      await client.send('POST', '/v1/webhooks', toBody(step, secrets));
      return;
    case 'change': {
      const body = toBody(step, secrets);
      if (Object.keys(body).length > 0) await client.send('PATCH', path, body);
      if (filters) await updateFilters(client, `${path}/filters`, filters);
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
  const { action, declared, changes, headers, filters } = step;
  const secret = declared?.secretFrom;
  const isNew = action === 'create';
  const changed = changes.filter(({ field }) => declared && field in declared.fields);
  return {
    ...(isNew
      ? { ...declared?.fields, name: declared?.name, accountId: step.accountId }
      : Object.fromEntries(changed.map(({ field, after }) => [field, after]))),
    // A key that is absent leaves the field as it is, and a body without keys needs no request.
    ...(step.sendsSecret === true && {
      secretKey: typeof secret === 'string' ? secrets.get(secret) : null,
    }),
    ...(headers !== undefined && { headers: headers && headerValues(step, headers, secrets) }),
    ...(isNew && filters && { filters: filters.added }),
  };
}

/** Values of all headers, as an update replaces them all; unchanged ones are sent masked, as they are shown. */
function headerValues(
  { changes }: Step,
  headers: Readonly<Record<string, HeaderValue>>,
  secrets: Secrets,
): Row {
  const changed = new Set(changes.map(({ field }) => field));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (!changed.has(`headers.${name}`)) return [name, '***'];
      return [name, 'from' in value ? secrets.get(value.from) : value.value];
    }),
  );
}

/**
 * Adds filters before it deletes others, so that the webhook never lets through what neither the old nor the new
 * filters do. A filter that contradicts one that is to be deleted is added after it.
 */
async function updateFilters(
  client: Client,
  path: string,
  { added, removed }: FilterChanges,
): Promise<void> {
  const conflicting: Row[] = [];
  for (const filter of added) {
    await client.send('POST', path, filter).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
      conflicting.push(filter);
    });
  }
  for (const { id } of removed) {
    await client.send('DELETE', `${path}/${encodeURIComponent(String(id))}`);
  }
  for (const filter of conflicting) await client.send('POST', path, filter);
}

const isConflict = (error: unknown): boolean =>
  error instanceof CommandError && error.problem.code === 'filter_conflict';
