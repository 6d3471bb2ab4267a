/** `docs/clouds.md`, "Clouds that post": the configurations as they stand, and what each cloud sends, run by a shell. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

import { openIntakeHarness, type IntakeHarness } from './intake-harness.ts';

const [, chapter = ''] = readFileSync('docs/clouds.md', 'utf8').split('\n## Clouds that post\n');
const sections = (chapter.split(/\n## /)[0] ?? '').split('\n### ').slice(1);
const blocks = (section: string, language: string): string[] =>
  [...section.matchAll(new RegExp('```' + language + '\\n([^]*?)```', 'g'))].map(
    ([, block = '']) => block,
  );
const examples = sections.map(section => ({
  title: section.split('\n')[0] ?? '',
  sources: blocks(section, 'yaml').flatMap((block): { name: string }[] => parse(block).sources),
  commands: blocks(section, 'sh'),
}));

/** What each of them must have become: the event, its account and its status. */
const expected: Record<string, readonly string[]> = {
  'Xen Orchestra': ['vm.start - Completed'],
  Cloudpods: ['SERVER/CREATE 1e38b2d4 Completed'],
  "Monasca's webhook method": ['alarm-transitioned 1e38b2d4 ALARM'],
  Alertmanager: ['HostDown 1e38b2d4 firing'],
  'Senders of CloudEvents': ['vm.stopped 1e38b2d4 -', 'vm.started 1e38b2d4 -'],
  'Programs of your own': ['backup.finished 1e38b2d4 Completed'],
};

let harness: IntakeHarness;
beforeAll(async () => {
  harness = await openIntakeHarness({ sources: examples.flatMap(({ sources }) => sources) });
});
afterAll(() => harness[Symbol.asyncDispose]());

it('each way in is shown with a configuration and what is sent', () => {
  expect(examples.map(({ title }) => title)).toEqual(Object.keys(expected));
  for (const { title, sources, commands } of examples) {
    expect.soft(sources, title).toHaveLength(title === 'Programs of your own' ? 0 : 1);
    expect.soft(commands, title).toHaveLength(1);
  }
});

it.each(examples)('what is sent as shown becomes an event: $title', async ({ title, commands }) => {
  const made = await harness.ask('POST', '/v1/tokens', { name: title, scopes: ['ingest'] });
  const env = { ...process.env, HOOKLINE: harness.url, TOKEN: String(made.body['token']) };
  const run = promisify(execFile);
  const { stdout } = await run('sh', ['-ec', commands.join('\n')], { env });
  const ids = [...stdout.matchAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)].map(
    ([id]) => id,
  );
  const rows = await harness.rows<{ told: string }>(
    `select concat_ws(' ', event, coalesce(account, '-'), coalesce(status, '-')) as told from event
      where id::text in ('${ids.join(`','`)}') order by id`,
  );
  expect(rows.map(({ told }) => told)).toEqual(expected[title]);
});
