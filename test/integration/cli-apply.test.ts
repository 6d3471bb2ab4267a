/** `hookline apply` and `hookline webhook export`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { startCli } from './cli-harness.ts';

const cli = await startCli();
const { api, server, home, run } = cli;
afterAll(() => cli[Symbol.asyncDispose]());

let owner: string;
const env = (more: Record<string, string> = {}) => ({
  HOME: home,
  HOOKLINE_URL: server,
  HOOKLINE_TOKEN: api.token,
  ...more,
});

beforeEach(async () => {
  owner = `acct-${crypto.randomUUID()}`;
  await run(['domain', 'create', '--id', `dom-${owner}`, '--name', owner]);
  const domain = ['--domain-id', `dom-${owner}`];
  await run(['account', 'create', '--id', owner, '--name', owner, ...domain]);
});

/** Applies this text. */
async function apply(text: string, ...more: string[]) {
  writeFileSync(join(home, 'webhooks.yaml'), text);
  return run(['apply', '-f', 'webhooks.yaml', ...more], { env: env({ LAB: 'from env' }) });
}

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly payloadUrl: string;
  readonly tries: number | null;
  readonly hasSecret: boolean;
  readonly headers: Record<string, string> | null;
  readonly filters: readonly { mode: string; matchType: string; value: string }[];
  readonly updated: string;
}

async function webhooks(): Promise<readonly Shown[]> {
  const { out } = await run(['webhook', 'list', '--account', owner, '--json']);
  const listed: readonly Shown[] = JSON.parse(out);
  return listed;
}

const lab = (): string => `
name: lab
accountId: ${owner}
payloadUrl: lab.example/${owner}
tries: 5
secretKeyFrom: env:LAB
headers: { X-Plain: one, X-Token: { valueFrom: env:LAB } }
filters: [VM.START, Exclude:Prefix:VM.S]
`;

/** A webhook in a line. */
const flow = (name: string, more: string): string =>
  `{name: ${name}, accountId: ${owner}, payloadUrl: "http://${name}.example/${owner}", ${more}}`;

describe('hookline apply', () => {
  it('creates what is declared, over several documents and lists, and a second time nothing', async () => {
    const text = `${lab()}---\n- {name: b, accountId: ${owner}, payloadUrl: "http://b.example/${owner}"}\n---\n`;
    const dry = await apply(text, '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.out).toContain(`+ lab (${owner}) would be created\n`);
    expect(dry.out).toContain('tries            5\n');
    expect(dry.out).toContain('secretKey        env:LAB\n');
    expect(dry.out).toContain('filter + Exclude:Prefix:VM.S\n');
    expect(dry.out).toMatch(/2 to create, 0 to update, 0 unchanged, 0 to delete$/);
    expect(await webhooks()).toEqual([]);

    const first = await apply(text);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/2 created, 0 updated, 0 unchanged, 0 deleted$/);
    const [made, other] = await webhooks();
    expect(made).toMatchObject({
      name: 'lab',
      payloadUrl: `http://lab.example/${owner}`,
      tries: 5,
      hasSecret: true,
      headers: { 'X-Plain': '***', 'X-Token': '***' },
      filters: [{ value: 'VM.START' }, { mode: 'Exclude', matchType: 'Prefix', value: 'VM.S' }],
    });
    expect(other?.name).toBe('b');

    const second = await apply(text, '--dry-run', '--exit-code');
    expect(second).toMatchObject({ code: 0, err: '' });
    expect(second.out).toMatch(/0 to create, 0 to update, 2 unchanged, 0 to delete$/);
    await apply(text);
    expect(await webhooks()).toEqual([made, other]);
    for (const { out } of [dry, first, second]) expect(out).not.toContain('from env');
  });

  it('updates field by field and filter by filter, and leaves alone what is not declared', async () => {
    await apply(lab());
    const [before] = await webhooks();
    const text = `{name: lab, accountId: ${owner}, payloadUrl: "http://lab.example/${owner}", tries: null,
      headers: {X-Token: '***', X-New: two}, filters: [VM.START, Include:Suffix:.CREATE]}`;
    const dry = await apply(text, '--dry-run', '--exit-code');
    expect(dry.code).toBe(6);
    expect(dry.err).toBe('Not as declared: lab');
    expect(dry.out.split('\n')).toEqual([
      `~ lab (${owner}) would be updated`,
      '    tries            5 → –',
      '    headers.X-New    (none) → ***',
      '    headers.X-Plain  *** → (none)',
      '    filter - Exclude:Prefix:VM.S',
      '    filter + Include:Suffix:.CREATE',
      '0 to create, 1 to update, 0 unchanged, 0 to delete',
    ]);
    expect((await apply(text)).out).toContain(`~ lab (${owner}) updated`);
    const [after] = await webhooks();
    expect(after).toMatchObject({ id: before?.id, tries: null, hasSecret: true });
    expect(after?.headers).toEqual({ 'X-Token': '***', 'X-New': '***' });
    expect(after?.filters.map(({ value }) => value)).toEqual(['VM.START', '.CREATE']);
    expect((await apply(text)).out).toContain('0 updated, 1 unchanged');
    expect(
      (await apply(`{name: lab, accountId: ${owner}, payloadUrl: lab.example/${owner}}`)).out,
    ).toContain('1 unchanged');
  });

  it('turns a filter into its contrary', async () => {
    await apply(flow('x', 'filters: [VM.START]'));
    expect((await apply(flow('x', 'filters: [Exclude:Exact:VM.START]'))).code).toBe(0);
    expect((await webhooks())[0]?.filters).toMatchObject([{ mode: 'Exclude' }]);
    expect((await apply(flow('x', 'filters: []'))).code).toBe(0);
    expect((await webhooks())[0]?.filters).toEqual([]);
  });

  it('sets a secret where there is none, another one when told to, and unsets it', async () => {
    writeFileSync(join(home, 'lab.secret'), 'from file\n');
    await apply(flow('s', ''));
    expect((await apply(flow('s', 'secretKeyFrom: "file:lab.secret"'))).out).toContain(
      'secretKey  (none) → file:lab.secret',
    );
    expect((await webhooks())[0]?.hasSecret).toBe(true);
    // What is there already needs no source, and cannot be told from it.
    expect((await apply(flow('s', 'secretKeyFrom: "env:NOT_SET"'))).code).toBe(0);
    const again = await apply(flow('s', 'secretKeyFrom: env:LAB'), '--secrets');
    expect(again.out).toContain('secretKey  *** → env:LAB');
    expect((await apply(flow('s', 'secretKeyFrom: null'))).out).toContain(
      'secretKey  *** → (none)',
    );
    expect((await webhooks())[0]?.hasSecret).toBe(false);
  });

  it('deletes the rest of the same owners when asked to prune, and asks first', async () => {
    const one = `{name: one, accountId: ${owner}, payloadUrl: "http://one.example/${owner}"}`;
    const two = `{name: two, accountId: ${owner}, payloadUrl: "http://two.example/${owner}"}`;
    await apply(`[${one}, ${two}]`);
    const kept = await apply(`[${one}]`);
    expect(kept).toMatchObject({
      code: 0,
      err: 'In no file, and left as they are (--prune deletes them): two',
    });
    expect((await apply(`[${one}]`, '--prune', '--dry-run')).out).toContain(
      `- two (${owner}) would be deleted`,
    );
    expect(await apply(`[${one}]`, '--prune')).toMatchObject({ code: 2, out: '' });
    const refused = await run(['apply', '-f', 'webhooks.yaml', '--prune'], { answer: false });
    expect(refused).toMatchObject({ code: 1, err: 'Nothing was done.' });
    expect(await webhooks()).toHaveLength(2);
    const asked = await run(['apply', '-f', 'webhooks.yaml', '--prune'], { answer: true });
    expect(asked.out).toContain(`- two (${owner}) deleted`);
    expect((await webhooks()).map(({ name }) => name)).toEqual(['one']);
    // Renamed: the URL is the same, and what had it goes first.
    const renamed = await apply(`[${one.replace('name: one', 'name: uno')}]`, '--prune', '--yes');
    expect(renamed).toMatchObject({ code: 0 });
    expect((await webhooks()).map(({ name }) => name)).toEqual(['uno']);
  });

  it('goes on after one that cannot be done, and says which', async () => {
    const url = `http://same.example/${owner}`;
    const text = ['a', 'b', 'c']
      .map(
        name =>
          `{name: ${name}, accountId: ${owner}, payloadUrl: "${name === 'c' ? 'http://c' : url}"}`,
      )
      .join('\n---\n');
    const { code, out, err } = await apply(text);
    expect(code).toBe(1);
    expect(err).toBe('1 of 3 could not be done; the others were.');
    expect(out).toContain(`+ b (${owner}) not created: Payload URL: ${url} is already in use`);
    expect(out).toMatch(/2 created.*1 failed$/);
  });

  it('belongs to whoever applies it when no owner is said', async () => {
    const { accountId } = (await api.ask('GET', '/v1/session')).body;
    const text = `{name: mine-${owner}, payloadUrl: "http://mine.example/${owner}"}`;
    expect((await apply(text)).out).toContain(`+ mine-${owner} (${accountId}) created`);
    expect((await apply(text)).out).toContain('1 unchanged');
  });

  it('answers scripts in JSON, and reads standard input', async () => {
    const input = JSON.stringify([
      { name: 'j', accountId: owner, payloadUrl: `http://j/${owner}` },
    ]);
    const { out } = await run(['apply', '-f', '-', '--json'], { input });
    expect(JSON.parse(out)).toMatchObject([{ action: 'create', done: true, name: 'j' }]);
    const again = await run(['apply', '-f', '-', '--json'], { input });
    expect(JSON.parse(again.out)).toMatchObject([{ action: 'keep', done: false, changes: [] }]);
  });

  it('names file, line, document and field of everything that is wrong, and does nothing', async () => {
    const { code, out, err } = await apply(
      `name: ok\naccountId: ${owner}\npayloadUrl: http://ok.example/${owner}\n---
- name: lab
  payloadURL: http://x
  payloadUrl: http://x
  tries: 0
  secretKey: hunter2
  filters:
    - VM.START
    - { matchType: Prefxi, value: VM. }
- payloadUrl: [1]
  secretKeyFrom: LAB
- just text
`,
    );
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')).toEqual([
      expect.stringContaining('webhooks.yaml:9 (document 2, lab): secretKey: belongs in no file'),
      'webhooks.yaml:6 (document 2, lab): payloadURL: is not known; did you mean payloadUrl?',
      'webhooks.yaml:8 (document 2, lab): tries: must be >= 1',
      'webhooks.yaml:12 (document 2, lab): filters.1.matchType: must be one of Exact, Prefix, Suffix, Contains',
      'webhooks.yaml:14 (document 2, without a name): secretKeyFrom: expected env:NAME or file:PATH',
      'webhooks.yaml:13 (document 2, without a name): name: is missing',
      'webhooks.yaml:13 (document 2, without a name): payloadUrl: must be string',
      'webhooks.yaml:15 (document 2): expected a webhook, with name and payloadUrl',
    ]);
    expect(err).not.toContain('hunter2');
    expect(await webhooks()).toEqual([]);
  });

  it.each([
    ['', 'webhooks.yaml: no webhooks'],
    ['a: [', /^webhooks\.yaml:1 \(document 1\): /],
    [
      '{name: t, payloadUrl: a}\n---\n{name: t, payloadUrl: b}',
      /has one of this name already: webhooks\.yaml:1/,
    ],
    [
      '{name: t, payloadUrl: a, secretKeyFrom: "env:NOT_SET"}',
      /env:NOT_SET: there is no such variable/,
    ],
    ['{name: t, payloadUrl: a, secretKeyFrom: "file:absent"}', /file:absent: ENOENT/],
  ])('refuses %j', async (text, message) => {
    const { code, err } = await apply(text);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('cannot tell two of one name apart, and says so', async () => {
    for (const at of [1, 2]) {
      const url = `http://twin.example/${owner}/${at}`;
      await run(['webhook', 'create', '--name', 'twin', '--account', owner, '--payload-url', url]);
    }
    const { code, err } = await apply(`{name: twin, accountId: ${owner}, payloadUrl: "http://x"}`);
    expect(code).toBe(2);
    expect(err).toMatch(/document 1, twin\): name: .* has 2 of this name/);
  });
});

describe('hookline webhook export', () => {
  it.each([[[]], [['--json']]])('is applied unchanged: %j', async more => {
    await apply(lab());
    const domain = ['--scope', 'Domain', '--domain', `dom-${owner}`];
    await run([
      'webhook',
      'create',
      '--name=dom',
      `--account=${owner}`,
      `--payload-url=https://d.example/${owner}`,
      '--no-ssl-verification',
      ...domain,
    ]);
    const exported = await run(['webhook', 'export', '--account', owner, ...more]);
    expect(exported).toMatchObject({ code: 0, err: '' });
    expect(exported.out).not.toContain('from env');
    expect(exported.out.includes('# It has a secret')).toBe(more.length === 0);
    const before = await webhooks();
    const { code, out } = await apply(exported.out, '--prune');
    expect({ code, out }).toEqual({
      code: 0,
      out: [
        `= lab (${owner}) unchanged`,
        `= dom (${owner}) unchanged`,
        '0 created, 0 updated, 2 unchanged, 0 deleted',
      ].join('\n'),
    });
    expect(await webhooks()).toEqual(before);
  });

  it('creates them again elsewhere', async () => {
    await apply(
      `{name: x, accountId: ${owner}, payloadUrl: "https://x.example/${owner}", tries: 7, filters: [VM.START]}`,
    );
    const { out } = await run(['webhook', 'export', '--account', owner]);
    const [before] = await webhooks();
    await run(['webhook', 'delete', before?.id ?? '']);
    expect((await apply(out)).out).toContain('1 created');
    expect((await webhooks())[0]).toMatchObject({ tries: 7, filters: [{ value: 'VM.START' }] });
  });
});
