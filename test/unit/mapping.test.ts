import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { ownSourceName } from '../../src/config/source/source.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { ConfigError } from '../../src/event/errors.ts';
import type { NormalizableFormat } from '../../src/normalize/source-formats.ts';
import type { MappingRules } from '../../src/normalize/mapping.ts';
import { createNormalizers } from '../../src/normalize/normalizers.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { novaSamples } from '../fixtures/openstack-compute.ts';
import { s3Samples } from '../fixtures/s3.ts';
import { readEvents } from '../fixtures/read-events.ts';

const now = (): number => nowMs;
const read = (mapping: MappingRules, body: unknown, format: NormalizableFormat = 'json') =>
  readEvents(format, { now, mapping })(messageFrom({ body: JSON.stringify(body) }));

function problems(mapping: MappingRules, format: NormalizableFormat = 'json'): readonly string[] {
  try {
    readEvents(format, { now, mapping });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('a JSON Pointer', () => {
  const body = { 'a/b': { '~c': ['zero', { d: 'x' }] }, '': 'empty', length: 'own' };

  it.each([
    ['/a~1b/~0c/0', 'zero'],
    ['/a~1b/~0c/1/d', 'x'],
    ['/', 'empty'],
    ['/length', 'own'],
  ])('%s finds what RFC 6901 says', (event, found) => {
    expect(read({ event }, body)[0]?.envelope.event).toBe(found);
  });

  it.each([
    '/a~1b/~0c/00',
    '/a~1b/~0c/-',
    '/a~1b/~0c/length',
    '/constructor',
    '/a~1b/__proto__',
    '/x/y/z',
  ])('%s finds nothing', account =>
    expect(read({ event: '/', account }, body)[0]?.envelope).toEqual({ event: 'empty' }),
  );
});

const ofBody = (mapping: MappingRules, body: string) =>
  readEvents('json', { now, mapping })(messageFrom({ body })).map(({ envelope }) => envelope);

describe('an id beyond 2^53', () => {
  it.each([
    ['a pointer', '/tenant'],
    ['an expression', 'tenant'],
    ['an expression that makes text of it', '$string(tenant)'],
  ])('keeps its digits, found by %s', (_, account) => {
    for (const digits of ['9007199254740993', '12345678901234567890']) {
      const found = ofBody(
        { event: '/type', account, entityuuid: '/tenant', details: '{"n": tenant}' },
        `{"type":"num","tenant":${digits}}`,
      );
      expect(found).toEqual([
        { event: 'num', entityuuid: digits, account: digits, details: { n: digits } },
      ]);
    }
  });

  it('is told apart in every item of a list', () => {
    const found = ofBody(
      { event: '"e"', events: '/all', account: '/tenant' },
      '{"all":[{"tenant":9007199254740992},{"tenant":9007199254740993},{"tenant":"9007199254740993"}]}',
    );
    expect(found.map(({ account }) => account)).toEqual([
      '9007199254740992',
      '9007199254740993',
      '9007199254740993',
    ]);
  });
});

describe('a rule for the domain', () => {
  it('is the operator’s word on whom the event concerns, and comes before the format’s own', () => {
    const body = { event: 'e', domain: 'd-1', org: 'urn:vcloud:org:o-1', type: 't' };
    const [mapped] = read({ event: '/event', domain: '/domain' }, body);
    expect(mapped).toEqual({ envelope: { event: 'e', domain: 'd-1' }, provenDomain: 'd-1' });
    expect(read({ domain: '/domain' }, body, 'vcd')[0]).toMatchObject({ provenDomain: 'd-1' });
    expect(read({ domain: '/none' }, body, 'vcd')[0]).toMatchObject({ provenDomain: 'o-1' });
    expect(read({ event: '/event', details: '$' }, body)[0]).not.toHaveProperty('provenDomain');
  });
});

describe('the examples in the documents', () => {
  const clouds = readdirSync('docs/clouds').map(page => `docs/clouds/${page}`);
  const examples = ['docs/adding-a-cloud.md', 'docs/clouds.md', ...clouds].flatMap(page => {
    const blocks = readFileSync(page, 'utf8').matchAll(/```yaml\n([^]*?)```/g);
    return [...blocks].map(([, block = '']) => [page, block] as const);
  });

  it.each(examples)('can be used as they stand: %s %s', (_, block) => {
    const { sources, mapping }: { sources?: unknown; mapping?: unknown } = parse(block);
    const cloudEvents = {
      name: 'a',
      kind: 'kafka',
      brokers: ['b:1'],
      format: 'cloudevents',
      mapping,
    };
    const env = { HOOKLINE_SOURCES: JSON.stringify(sources ?? [cloudEvents]) };
    const config = loadConfig({ env, cwd: '/' });
    const names = config.sources.map(({ name }) => name);
    expect(names).not.toEqual([]);
    expect([...createNormalizers(config).bySource.keys()]).toEqual([...names, ownSourceName]);
  });
});

describe('a mapping', () => {
  it('is refused at the start, every rule that cannot be used in a line of its own', () => {
    expect(problems({ event: '$foo(', account: '/a~2', user: 'ok' })).toEqual([
      'mapping.event: "$foo(": expected a JSON Pointer, which begins with /, or a JSONata expression: Expected ")" before end of expression (character 5)',
      'mapping.account: "/a~2": expected ~0 for ~ and ~1 for / within a JSON Pointer',
    ]);
  });

  it.each([
    [
      'json',
      { account: '/a' },
      'mapping.event: null: expected where the event type is, for the format json',
    ],
    [
      'cloudstack',
      { account: '/a' },
      'mapping: set: expected none; events of the format cloudstack are passed on as they are',
    ],
    [
      's3',
      { events: '/a' },
      'mapping.events: set: expected none; the format s3 knows where its events are',
    ],
  ] as const)('of the format %s has to make sense', (format, mapping, line) => {
    expect(problems(mapping, format)).toEqual([line]);
  });

  it('stops the start with the problems of all sources, named', () => {
    const kafka = { kind: 'kafka', brokers: ['b:1'], format: 'json' };
    const env = {
      HOOKLINE_SOURCES: JSON.stringify([
        { ...kafka, name: 'one' },
        { ...kafka, name: 'two', mapping: { event: '/type', user: ')' } },
        { ...kafka, name: 'three', mapping: { event: '/type' } },
      ]),
    };
    const start = () => createNormalizers(loadConfig({ env, cwd: '/' }));
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(
      /^source one: mapping\.event: null: expected .*\nsource two: mapping\.user: "\)": expected [^\n]*$/,
    );
  });

  it('goes before what the format finds, and where it finds nothing the format does', () => {
    const normalize = readEvents('s3', {
      now,
      mapping: { account: '/opaqueData', user: '/nobody', details: '{ "zone": awsRegion }' },
    });
    const [event] = normalize(messageFrom(s3Samples.cephPut));
    const [{ envelope }] = s3Samples.cephPut.events;
    expect(event?.envelope).toEqual({
      ...envelope,
      account: 'me@example.com',
      details: { ...envelope.details, zone: 'zonegroup1' },
    });
  });

  it('starts at the whole notification for OpenStack, its context beside its payload', () => {
    const mapping = { account: '/context/project_name', user: '/payload/display_name' };
    const [event] = readEvents('openstack', { now, mapping })(
      messageFrom(novaSamples.legacyCreateEnd),
    );
    expect(event?.envelope).toMatchObject({ account: 'demo', user: 'web-1' });
  });

  it('finds many events in one message, or none', () => {
    const mapping = { event: '/type', events: '/batch/events' };
    const types = (body: unknown) => read(mapping, body).map(({ envelope }) => envelope.event);
    expect(types({ batch: { events: [{ type: 'a' }, { type: 'b' }] } })).toEqual(['a', 'b']);
    expect(types({ batch: { events: [] } })).toEqual([]);
    expect(types({ heartbeat: true })).toEqual([]);
    expect(() => types({ batch: { events: [1] } })).toThrow(/mapping.events finds .* expected one/);
  });

  it.each([
    [
      { event: '/type', account: '/a' },
      { type: 't', a: {} },
      'mapping.account finds a value of the type object; expected text or a number',
    ],
    [
      { event: '/type', account: 'b.c' },
      { type: 't', b: [{ c: 1 }, { c: 2 }] },
      'mapping.account finds a list; expected text or a number',
    ],
    [
      { event: '/type', details: '/type' },
      { type: 't' },
      'mapping.details finds no object; expected one',
    ],
    [
      { event: 'type + 1' },
      { type: 'hush' },
      'mapping.event fails on this message: JSONata T2001, character 6',
    ],
    [
      { event: '$error("hush " & type)' },
      { type: 'hush' },
      'mapping.event fails on this message: JSONata D3137, character 7',
    ],
    [
      { event: '($f := function() { $f() }; $f())' },
      {},
      'mapping.event fails on this message: more than 100000 steps',
    ],
    [{ event: '/type' }, {}, 'there is no event type; expected it as text'],
    [{ event: '/type' }, 7, 'the body is no JSON object; expected one, or a list of them'],
  ])('%j refuses %j with its reason', (mapping, body, reason) => {
    expect(() => read(mapping, body)).toThrow(reason);
  });

  it('makes text of flags and numbers', () => {
    expect(read({ event: '/n', status: '/flag' }, { n: 7, flag: false })[0]?.envelope).toEqual({
      event: '7',
      status: 'false',
    });
  });
});
