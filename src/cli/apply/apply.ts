/** `hookline apply`: makes the webhooks there are those that files declare. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { Command } from 'commander';

import { readWanted, type Wanted, type WebhookFile } from './apply-file.ts';
import { planApply, type Step } from './apply-plan.ts';
import { originsOf, runStep, type Secrets } from './apply-run.ts';
import { type Done, showDone, summarize, toJson } from './apply-show.ts';
import type { Client } from '../terminal/client.ts';
import { clientFor, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';
import { readWebhookSchema } from '../webhook/webhook-schema.ts';

interface Options {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly exitCode?: boolean;
  readonly prune?: boolean;
  readonly secrets?: boolean;
  readonly yes?: boolean;
}

/** More webhooks of one owner than this are not compared with. */
const existingMax = 1_000_000;

const example = `
A file holds any number of documents, each a webhook or a list of them, known by owner and name:

  - name: lab
    accountId: 7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7   # the owner; you when absent
    payloadUrl: https://receiver.example/hook
    secretKeyFrom: env:LAB_SECRET                     # or file:lab.secret; null takes it away
    headers: { X-Tenant: lab, Authorization: { valueFrom: env:LAB_TOKEN } }
    tries: 5                                          # null goes back to the default
    filters: [Include:Prefix:VM., { mode: Exclude, matchType: Exact, value: VM.START }]

Any field of the API's webhooks may stand there. A secret or header that is set already is left alone, unless --secrets.`;

export function addApplyCommand(program: Command, cli: Cli): void {
  program
    .command('apply')
    .description(
      'make the webhooks there are those that a file declares; what a file leaves out of a webhook stays as it is',
    )
    .requiredOption(
      '-f, --file <file>',
      'YAML or JSON, as `hookline webhook export` writes it; - is standard input; again for more',
      andMore,
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--exit-code', 'with --dry-run: exit with 6 when something would be done')
    .option('--prune', 'delete the webhooks of the same owners that are in no file')
    .option('--secrets', 'send secrets and headers also where there are some already')
    .option('--yes', 'delete without asking')
    .addHelpText('after', example)
    .action(async (options: Options, command: Command) => apply(cli, command, options));
}

const andMore = (file: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  file,
];

async function apply(cli: Cli, command: Command, options: Options): Promise<void> {
  const { io } = cli;
  const { prune = false, secrets = false, dryRun = false } = options;
  const client = await clientFor(cli, command);
  const files = await readFiles(cli, options.file);
  const read = readWanted(files, await readWebhookSchema(client));
  const wanted = await withOwners(client, read);
  const { steps, problems } = planApply(wanted, await readExisting(client, wanted), {
    prune,
    secrets,
  });
  if (problems.length > 0) throw unusable(problems);
  const found = await findSecrets(cli, steps, options.file);
  if (!dryRun) await confirmDeletions(cli, steps, options);

  const all: readonly Done[] = dryRun
    ? steps.map(step => ({ step, done: false }))
    : await runAll(client, steps, found);
  if (sharedOptions(command).json === true) io.out(JSON.stringify(all.map(toJson), null, 2));
  else {
    for (const done of all.filter(({ step }) => step.action !== 'leave')) io.out(showDone(done));
    io.out(summarize(all, dryRun));
    tellLeft(cli, steps);
  }
  const failed = all.filter(({ error }) => error !== undefined).length;
  if (failed > 0) {
    throw new CommandError(`${failed} of ${wanted.length} could not be done; the others were.`, {
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

async function readFiles(
  { io, environment }: Cli,
  names: readonly string[],
): Promise<WebhookFile[]> {
  return Promise.all(
    names.map(async name => {
      if (name === '-') return { name: 'standard input', text: await io.readInput() };
      const path = resolve(environment.cwd, name);
      try {
        return { name, text: await readFile(path, 'utf8') };
      } catch (cause) {
        throw new CommandError(`${path} cannot be read`, { ...fileInvalid, cause });
      }
    }),
  );
}

const fileInvalid = { outcome: 'usage', code: 'file_invalid' } as const;

const unusable = (problems: readonly string[]): CommandError =>
  new CommandError(problems.join('\n'), { ...fileInvalid, problem: { problems } });

type Owned = Wanted & { readonly accountId: string };

/** Without an owner it is whoever applies the file, as when a webhook is made. */
async function withOwners(client: Client, wanted: readonly Wanted[]): Promise<readonly Owned[]> {
  const isComplete = wanted.every(({ accountId }) => accountId !== undefined);
  const { accountId: own } = isComplete ? {} : await client.get('/v1/session');
  const problems: string[] = [];
  const owned = wanted.flatMap((one): Owned[] => {
    const accountId = one.accountId ?? own;
    if (typeof accountId === 'string') return [{ ...one, accountId }];
    problems.push(`${one.place}: accountId: is missing, and you have no account of your own`);
    return [];
  });
  if (problems.length > 0) throw unusable(problems);
  return owned;
}

async function readExisting(client: Client, wanted: readonly Owned[]): Promise<readonly Row[]> {
  const owners = new Set(wanted.map(({ accountId }) => accountId));
  const lists = [...owners].map(accountId =>
    client.list('/v1/webhooks', { accountId }, existingMax),
  );
  return (await Promise.all(lists)).flatMap(({ rows }) => rows);
}

/** Those that have to be sent. Also in a dry run: it must not promise what cannot be done. */
async function findSecrets(
  { environment: { cwd, env } }: Cli,
  steps: readonly Step[],
  files: readonly string[],
): Promise<Secrets> {
  const [only] = files;
  // Of one file, its own folder is where others are looked for.
  const base = files.length === 1 && only !== undefined && only !== '-' ? dirname(only) : '.';
  const found = new Map<string, string>();
  const problems: string[] = [];
  for (const step of steps) {
    for (const from of originsOf(step)) {
      try {
        found.set(from, await readOrigin(from, { folder: resolve(cwd, base), env }));
      } catch (error) {
        const { place } = step.wanted ?? { place: step.name };
        const reason = error instanceof Error ? error.message : String(error);
        problems.push(`${place}: ${from}: ${reason}`);
      }
    }
  }
  if (problems.length > 0) throw unusable(problems);
  return found;
}

/** @throws Error saying why there is none. */
async function readOrigin(
  from: string,
  { folder, env }: { folder: string; env: Cli['environment']['env'] },
): Promise<string> {
  const name = from.slice(from.indexOf(':') + 1);
  const value = from.startsWith('env:')
    ? env[name]
    : (await readFile(resolve(folder, name), 'utf8')).replace(/\r?\n$/, '');
  if (value === undefined) throw new Error('there is no such variable');
  if (value === '') throw new Error('it is empty');
  return value;
}

async function confirmDeletions(
  { io }: Cli,
  steps: readonly Step[],
  { yes }: Options,
): Promise<void> {
  const names = steps.filter(({ action }) => action === 'delete').map(({ name }) => name);
  if (names.length === 0 || yes === true) return;
  const said = `${names.length} webhooks that are in no file: ${names.join(', ')}`;
  const answer = await io.confirm(`Delete ${said}?`);
  if (answer === true) return;
  if (answer === false) throw new CommandError('Nothing was done.', { code: 'interrupted' });
  throw new CommandError(
    `--prune would delete ${said}. Add --yes; there is no terminal to ask on.`,
    { outcome: 'usage', code: 'usage_invalid' },
  );
}

/** Deletions first: what goes may have the URL of what comes. One that fails stops no other. */
async function runAll(
  client: Client,
  steps: readonly Step[],
  secrets: Secrets,
): Promise<readonly Done[]> {
  const rank = { delete: 0, change: 1, create: 2, keep: 3, leave: 3 };
  const outcomes = new Map<Step, Done>();
  for (const step of steps.toSorted((a, b) => rank[a.action] - rank[b.action])) {
    outcomes.set(step, await run(client, step, secrets));
  }
  return steps.flatMap(step => outcomes.get(step) ?? []);
}

async function run(client: Client, step: Step, secrets: Secrets): Promise<Done> {
  try {
    await runStep(client, step, secrets);
    return { step, done: step.action !== 'keep' && step.action !== 'leave' };
  } catch (error) {
    // What concerns this webhook alone; whoever is not let in, or finds nobody, need not go on.
    if (!(error instanceof CommandError) || error.outcome === 'away' || error.outcome === 'access')
      throw error;
    return { step, done: false, error: error.message };
  }
}

function tellLeft({ io }: Cli, steps: readonly Step[]): void {
  const left = steps.filter(({ action }) => action === 'leave').map(({ name }) => name);
  if (left.length === 0) return;
  io.err(`In no file, and left as they are (--prune deletes them): ${left.join(', ')}`);
}
