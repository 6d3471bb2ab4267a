/** `hookline apply`: creates, updates and deletes webhooks to match files. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { defineCommand } from '../command/definition.ts';
import { readFileOrInput } from '../command/file.ts';
import { type CommandContext, isJson, openClient } from '../context.ts';
import type { Client } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';
import { requireYes } from '../terminal/io.ts';
import { readWebhookSchema } from '../webhook/webhook-schema.ts';
import { type DeclaredWebhook, fileError, fileInvalid, parseFiles } from './apply-file.ts';
import { type ExistingWebhook, type OwnedWebhook, planApply, type Step } from './apply-plan.ts';
import { originsOf, runSteps, type Secrets } from './apply-run.ts';
import { showResult, type StepResult, summarize, toJson } from './apply-show.ts';

/** Maximum number of existing webhooks of an owner that are compared. */
const existingMax = 1_000_000;

const example = `
A file holds any number of documents, each a webhook or a list of them, identified by owner and name:

  - name: lab
    accountId: 7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7   # the owner; you when absent
    payloadUrl: https://receiver.example/hook
    secretKeyFrom: env:LAB_SECRET                     # or file:lab.secret; null unsets it
    headers: { X-Tenant: lab, Authorization: { valueFrom: env:LAB_TOKEN } }
    tries: 5                                          # null returns to the default
    filters: [Include:Prefix:VM., { mode: Exclude, matchType: Exact, value: VM.START }]

Any field of a webhook in the API may be declared. A secret or header that is set already is not updated without --secrets.`;

export const applyCommand = defineCommand({
  words: 'apply',
  about:
    'create, update or delete webhooks to match a file; fields that the file does not name stay as they are',
  help: example,
  options: {
    files: {
      usage:
        '-f, --file <file>  YAML or JSON, as `hookline webhook export` writes it; - is standard input; may be repeated',
      isRequired: true,
      isRepeated: true,
    },
    dryRun: '--dry-run  show what would be done, and do nothing',
    exitCode: '--exit-code  with --dry-run: exit with 6 when something would be done',
    prune: '--prune  delete webhooks of the same owners that are in no file',
    secrets: '--secrets  send secrets and headers even where some are set',
    yes: '--yes  delete without asking',
  },
  run: apply,
});

interface ApplyOptions {
  readonly files: readonly string[];
  readonly dryRun?: boolean;
  readonly exitCode?: boolean;
  readonly prune?: boolean;
  readonly secrets?: boolean;
  readonly yes?: boolean;
}

async function apply(context: CommandContext, options: ApplyOptions): Promise<void> {
  const { files, prune = false, secrets = false, dryRun = false, yes = false } = options;
  const client = await openClient(context);
  const texts = await Promise.all(files.map(name => readNamed(context, name)));
  const declared = parseFiles(texts, await readWebhookSchema(client));
  const owned = await withOwners(client, declared);
  const existing = await readExisting(client, owned);
  const { steps, problems } = planApply(owned, existing, { prune, secrets });
  if (problems.length > 0) throw fileError(problems);
  const found = await readSecrets(context, steps, files);
  if (!dryRun && !yes) await confirmDeletions(context, steps);

  const results: readonly StepResult[] = dryRun
    ? steps.map(step => ({ step, done: false }))
    : await runSteps(client, steps, found);
  printResults(context, results, dryRun);
  const failed = results.filter(({ error }) => error !== undefined).length;
  if (failed > 0) {
    throw new CommandError(`${failed} of ${declared.length} could not be done; the others were.`, {
      code: 'apply_incomplete',
    });
  }
  const pending = steps.filter(({ action }) => action !== 'keep' && action !== 'leave');
  if (dryRun && options.exitCode === true && pending.length > 0) {
    throw new CommandError(`Not as declared: ${pending.map(({ name }) => name).join(', ')}`, {
      outcome: 'differs',
      code: 'apply_pending',
    });
  }
}

async function readNamed(context: CommandContext, name: string) {
  const text = await readFileOrInput(context, name, fileInvalid);
  return { name: name === '-' ? 'standard input' : name, text };
}

/** Without an owner a webhook belongs to whoever applies the file, as it does when it is created by hand. */
async function withOwners(
  client: Client,
  declared: readonly DeclaredWebhook[],
): Promise<readonly OwnedWebhook[]> {
  const isComplete = declared.every(({ accountId }) => accountId !== undefined);
  const own = isComplete
    ? null
    : (await client.get<{ accountId: string | null }>('/v1/session')).accountId;
  const problems: string[] = [];
  const owned = declared.flatMap((one): OwnedWebhook[] => {
    const accountId = one.accountId ?? own;
    if (accountId !== null) return [{ ...one, accountId }];
    problems.push(`${one.position}: accountId: is missing, and you have no account of your own`);
    return [];
  });
  if (problems.length > 0) throw fileError(problems);
  return owned;
}

async function readExisting(
  client: Client,
  declared: readonly OwnedWebhook[],
): Promise<readonly ExistingWebhook[]> {
  const owners = new Set(declared.map(({ accountId }) => accountId));
  const lists = [...owners].map(accountId =>
    client.list<ExistingWebhook>('/v1/webhooks', { accountId }, existingMax),
  );
  return (await Promise.all(lists)).flatMap(({ rows }) => rows);
}

/** Reads the secrets that steps send; also in a dry run, which must not promise what cannot be done. */
async function readSecrets(
  { environment: { cwd, env } }: CommandContext,
  steps: readonly Step[],
  files: readonly string[],
): Promise<Secrets> {
  const [only] = files;
  // The paths in a single file are relative to its folder.
  const base = files.length === 1 && only !== undefined && only !== '-' ? dirname(only) : '.';
  const found = new Map<string, string>();
  const problems: string[] = [];
  for (const step of steps) {
    for (const from of originsOf(step)) {
      try {
        found.set(from, await readOrigin(from, { folder: resolve(cwd, base), env }));
      } catch (error) {
        const position = step.declared?.position ?? step.name;
        const reason = error instanceof Error ? error.message : String(error);
        problems.push(`${position}: ${from}: ${reason}`);
      }
    }
  }
  if (problems.length > 0) throw fileError(problems);
  return found;
}

/** @throws Error saying why there is no value. */
async function readOrigin(
  from: string,
  { folder, env }: { folder: string; env: CommandContext['environment']['env'] },
): Promise<string> {
  const name = from.slice(from.indexOf(':') + 1);
  const value = from.startsWith('env:')
    ? env[name]
    : (await readFile(resolve(folder, name), 'utf8')).replace(/\r?\n$/, '');
  if (value === undefined) throw new Error('there is no such variable');
  if (value === '') throw new Error('it is empty');
  return value;
}

async function confirmDeletions({ io }: CommandContext, steps: readonly Step[]): Promise<void> {
  const names = namesOf(steps, 'delete');
  if (names.length === 0) return;
  const subject = `${names.length} webhooks that are in no file: ${names.join(', ')}`;
  await requireYes(
    io,
    `Delete ${subject}?`,
    `--prune would delete ${subject}. Add --yes; there is no terminal to ask on.`,
  );
}

function printResults(
  context: CommandContext,
  results: readonly StepResult[],
  dryRun: boolean,
): void {
  const { io } = context;
  if (isJson(context)) return io.out(JSON.stringify(results.map(toJson), null, 2));
  for (const result of results) {
    if (result.step.action !== 'leave') io.out(showResult(result));
  }
  io.out(summarize(results, dryRun));
  const left = namesOf(
    results.map(({ step }) => step),
    'leave',
  );
  if (left.length > 0)
    io.err(`In no file, and left as they are (--prune deletes them): ${left.join(', ')}`);
}

const namesOf = (steps: readonly Step[], wanted: Step['action']): readonly string[] =>
  steps.filter(({ action }) => action === wanted).map(({ name }) => name);
