/** The examples in docs/filters.md and docs/templates.md do what is said of them there. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import { compileExpression } from '../../src/expression/expression.ts';
import { Subject } from '../../src/match/subject.ts';
import { createEngine } from '../../src/render/engine.ts';
import { engines } from '../../src/render/job.ts';

interface Block {
  /** What follows the fence: `jsonata true`. */
  readonly info: string;
  readonly text: string;
}

function blocksOf(name: string): readonly Block[] {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs', name), 'utf8');
  return [...text.matchAll(/^```(\w[^\n]*)\n(.*?)\n```$/gms)].map(([, info = '', block = '']) => ({
    info,
    text: block,
  }));
}

function eventOf(blocks: readonly Block[]): { envelope: Envelope; body: string } {
  const block = blocks.find(({ info }) => info === 'json event');
  const { original, ...envelope }: Envelope & { original: object } = JSON.parse(block?.text ?? '');
  return { envelope, body: JSON.stringify(original) };
}

describe('docs/filters.md', () => {
  const blocks = blocksOf('filters.md');
  const { envelope, body } = eventOf(blocks);
  const cases = blocks.flatMap(({ info, text }) =>
    info.startsWith('jsonata ') ? text.split('\n').map(line => [line, info.slice(8)] as const) : [],
  );

  const verdict = (expression: string): string => {
    const compiled = compileExpression(expression);
    if ('fault' in compiled) return 'refused';
    const subject = new Subject(envelope, body);
    return String(compiled.holds(name => subject.fact(name)) === true);
  };

  it.each(cases)('%s is %s', (expression, said) => {
    expect(verdict(expression)).toBe(said);
  });

  it('has examples of each kind', () => {
    expect(new Set(cases.map(([, said]) => said))).toEqual(new Set(['true', 'false', 'refused']));
  });
});

describe('docs/templates.md', () => {
  const blocks = blocksOf('templates.md');
  const event = { id: '01a1fb67-1801-7abc-8def-0123456789ab', ...eventOf(blocks) };
  const run = createEngine(1_000_000);
  const cases = blocks.flatMap(({ info, text }, at) => {
    const engine = engines.find(one => one === info);
    return engine ? [{ engine, text, said: blocks[at + 1] }] : [];
  });

  it.each(cases)('$text says what is below it', ({ engine, text, said }) => {
    expect(['json', 'text']).toContain(said?.info);
    expect(run({ engine, template: text, event }, 5_000)).toEqual({ text: said?.text });
  });

  it('has examples of both', () => {
    expect(new Set(cases.map(({ engine }) => engine))).toEqual(new Set(['liquid', 'jsonata']));
  });
});
