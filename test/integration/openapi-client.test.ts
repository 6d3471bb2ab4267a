/** The OpenAPI document in the hands of those it is for: a linter, and a generator of typed clients. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildDocument } from '../openapi/document.ts';
import { generateTypes } from '../openapi/generate.ts';

interface Described {
  readonly description?: string;
}
interface Operation extends Described {
  readonly operationId?: string;
  readonly parameters?: readonly (Described & { readonly name: string })[];
}
interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Described>> };
}

let text: string;
let document: Document;

beforeAll(async () => {
  text = JSON.stringify(await buildDocument());
  document = JSON.parse(text);
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ at: `${method} ${path}`, operation })),
  );

describe('names and words of the document', () => {
  it('has an id for each operation: a verb and a noun, and no id twice', () => {
    const ids = operations().map(({ operation }) => operation.operationId ?? '');
    expect(ids.length).toBeGreaterThan(70);
    expect(new Set(ids).size).toBe(ids.length);
    const verbs =
      'answer|check|create|delete|deliver|explain|finish|import|list|pause|post|preview|redeliver|resume|retry|revoke|rotate|show|start|sync|test|update';
    const ill = ids.filter(id => !new RegExp(`^(login|logout|(${verbs})[A-Z][A-Za-z]+)$`).test(id));
    expect(ill).toEqual([]);
  });

  it('describes every operation, parameter and schema in a sentence', () => {
    const undescribed = operations().flatMap(({ at, operation }) => [
      ...(operation.description?.endsWith('.') ? [] : [at]),
      ...(operation.parameters ?? [])
        .filter(({ description }) => !description?.endsWith('.'))
        .map(({ name }) => `${at}: ${name}`),
    ]);
    const schemas = Object.entries(document.components.schemas);
    expect(schemas.length).toBeGreaterThan(60);
    const without = schemas.filter(([, { description }]) => !description?.endsWith('.'));
    expect([...undescribed, ...without.map(([name]) => name)]).toEqual([]);
  });

  it('describes each tag that operations have', () => {
    const used = [...text.matchAll(/"tags":\["(\w+)"\]/g)].map(([, tag]) => tag);
    expect(new Set(document.tags.map(({ name }) => name))).toEqual(new Set(used));
  });
});

describe('a linter', () => {
  it('finds nothing', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        // A page for browsers redirects, and health is asked without any input that could be wrong.
        'operation-2xx-response': 'off',
        'operation-4xx-response': 'off',
      },
    });
    const problems = await lintFromString({ source: text, config });
    expect(problems.map(({ message, location }) => [message, location[0]?.pointer])).toEqual([]);
  });
});

const client = `
import type { operations } from './api.d.ts';
type Json = { content: { 'application/json': unknown } };
type Body<Id extends keyof operations> = operations[Id] extends
  { requestBody: infer Request extends Json } ? Request['content']['application/json'] : never;
type Answer<Id extends keyof operations> = operations[Id] extends
  { responses: { 200: infer Found extends Json } } ? Found['content']['application/json'] : never;
`;

/** Lines of a client, and whether a compiler is to take them. */
const lines: readonly (readonly [string, string, boolean])[] = [
  ['a name and a password', "const b: Body<'login'> = { username: 'u', password: 'p' };", true],
  ['a key pair', "const b: Body<'login'> = { apiKey: 'k', secretKey: 's' };", true],
  ['a login with nothing', "const b: Body<'login'> = {};", false],
  ['a webhook', "const b: Body<'createWebhook'> = { name: 'n', payloadUrl: 'https://r/' };", true],
  ['a webhook without a URL', "const b: Body<'createWebhook'> = { name: 'n' };", false],
  ['a filter, its defaults left out', "const b: Body<'createFilter'> = { value: 'V' };", true],
  ['a token, its defaults left out', "const b: Body<'createToken'> = { name: 'n' };", true],
  [
    'what a list says of its items',
    "const read = ({ items: [first] }: Answer<'listWebhooks'>): string => first?.health.state ?? '';",
    true,
  ],
  [
    'what no answer has',
    "const read = ({ items: [first] }: Answer<'listWebhooks'>): unknown => first?.secretKey;",
    false,
  ],
];

describe('a client with the types that openapi-typescript makes', () => {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/client/', import.meta.url));
  let refused: ReadonlySet<number>;

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await generateTypes(join(folder, 'api.d.ts'));
    const files = lines.map(([, line], at) => {
      const file = join(folder, `${at}.ts`);
      writeFileSync(file, `${client}${line}\nexport {};\n`);
      return file;
    });
    const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext'];
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, ...files], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (stdout.includes('api.d.ts'))
      throw new Error(`the types themselves do not compile: ${stdout}`);
    refused = new Set([...stdout.matchAll(/^(\d+)\.ts\(/gm)].map(([, at]) => Number(at)));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(lines.map(([what, , compiles], at) => ({ what, compiles, at })))(
    'compiles with $what: $compiles',
    ({ compiles, at }) => expect(refused.has(at)).toBe(!compiles),
  );
});
