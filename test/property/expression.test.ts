/** The expressions of filters against JSONata itself: what is accepted means what it means there, and always ends. */
import * as fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';

import { compileExpression } from '../../src/expression/expression.ts';

const keys = ['a', 'b', 'c', 'x y'] as const;
const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 2.5, '', 'a', 'prod', 'Prod', '7', '1e400'),
  fc.string({ maxLength: 4 }),
  fc.integer(),
);
const { data } = fc.letrec<{ data: unknown; event: unknown }>(tie => ({
  data: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('data'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie('data'), { maxKeys: 4 }),
  ),
  event: tie('data'),
}));
const anyEvent = fc.dictionary(fc.constantFrom(...keys), data, { minKeys: 2, maxKeys: 4 });

const name = fc.constantFrom('a', 'b', 'c', '`x y`');
const literal = fc.constantFrom('1', '-1', '2.5', '"a"', '"prod"', '""', 'true', 'false', 'null');
const operand = (path: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 4, arbitrary: path },
    { weight: 2, arbitrary: literal },
    fc.array(literal, { maxLength: 3 }).map(items => `[${items.join(', ')}]`),
    path.map(of => `$count(${of})`),
    path.map(of => `$number(${of})`),
    path.map(of => `$lowercase(${of})`),
    path.map(of => `$uppercase(${of})`),
    path.map(of => `$length(${of})`),
  );
const testOf = (path: fc.Arbitrary<string>, again: fc.Arbitrary<string>) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(operand(path), fc.constantFrom('=', '!=', '<', '<=', '>', '>=', 'in'), operand(path))
        .map(parts => parts.join(' ')),
    },
    fc
      .tuple(again, fc.constantFrom('and', 'or'), again)
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    path.map(of => `$exists(${of})`),
    again.map(of => `$not(${of})`),
    path.map(of => `$not(${of})`),
    path.map(of => `$boolean(${of})`),
    path.map(of => `$contains(${of}, "a")`),
  );
/** Texts of expressions; `test` are those that may stand in `[ ]`, `inner` those about an item there. */
const { outer } = fc.letrec<Record<'outer' | 'inner' | 'path' | 'step' | 'test', string>>(tie => {
  const step = fc
    .tuple(
      name,
      fc.array(fc.oneof(fc.constantFrom('0', '1', '-1'), tie('inner')), {
        maxLength: 2,
        depthIdentifier: 'conditions',
        size: 'xsmall',
      }),
    )
    .map(([key, conditions]) => key + conditions.map(one => `[${one}]`).join(''));
  const pathOf = (first: fc.Arbitrary<string>) =>
    fc
      .tuple(first, fc.array(tie('step'), { maxLength: 2 }))
      .map(([one, others]) => [one, ...others].join('.'));
  return {
    step,
    path: fc.oneof({ maxDepth: 3 }, pathOf(name), pathOf(tie('step'))),
    inner: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('true', '$ = "a"', '$exists($)', 'a = 1', '$.b != "prod"'),
      testOf(fc.oneof(fc.constant('$'), tie('path')), tie('inner')),
    ),
    test: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('a = b', '"prod" in a'),
      testOf(tie('path'), tie('test')),
    ),
    outer: fc.oneof({ weight: 1, arbitrary: tie('path') }, { weight: 4, arbitrary: tie('test') }),
  };
});

function answerOf(text: string, event: Readonly<Record<string, unknown>>): boolean | string {
  const compiled = compileExpression(text);
  if ('fault' in compiled) throw new Error(`${text}: ${compiled.fault}`);
  return compiled.holds(fact => (Object.hasOwn(event, fact) ? event[fact] : undefined));
}

/** Undefined where JSONata throws. */
function answerOfJsonata(text: string, event: unknown): boolean | undefined {
  try {
    return jsonata(`(${text}) ? true : false`).evaluate(event);
  } catch {
    return undefined;
  }
}

describe('an expression', () => {
  it('answers as JSONata does, and has no answer where JSONata throws', () => {
    const seen = { true: 0, false: 0, none: 0 };
    fc.assert(
      fc.property(outer, anyEvent, (text, event) => {
        const answer = answerOf(text, event);
        if (answer === 'it compares an object') return;
        const theirs = answerOfJsonata(text, event);
        expect(typeof answer === 'string' ? undefined : answer).toBe(theirs);
        seen[`${theirs ?? 'none'}`] += 1;
      }),
      { numRuns: 1_500 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(30);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['c[$.b != "prod"]', { c: [[{ b: [] }]] }],
    ['c[$.b = 1]', { c: [[{ b: [1] }]] }],
    ['c[$exists($.b)]', { c: [[{ b: [] }]] }],
    ['c[$.b = $.b.a]', { c: [[[{ b: [{ a: 1 }] }]], { b: 1 }] }],
  ])('answers as JSONata does for the list in a list of %s', (text, event) => {
    expect(answerOf(text, event)).toBe(answerOfJsonata(text, event));
  });

  it('is compiled or refused with a place, whatever the text', () => {
    const odd = fc.string({
      unit: fc.constantFrom(
        ...'ab$.[]()"`\'{}/*%&|^~@#:;?,<>=!+-0129 \n'.split(''),
        ' and ',
        ' in ',
        '$not(',
      ),
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 20, arbitrary: odd },
          { weight: 20, arbitrary: fc.string() },
          fc.constant('['.repeat(999)),
        ),
        text => {
          const compiled = compileExpression(text);
          if ('holds' in compiled) return;
          expect(compiled.fault).not.toBe('');
          expect(compiled.line).toBeGreaterThan(0);
          expect(compiled.line).toBeLessThanOrEqual(text.split('\n').length);
          expect(compiled.column).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('never throws, whatever the event', () => {
    fc.assert(
      fc.property(outer, fc.jsonValue(), (text, value) => {
        const event = { a: value, b: value, c: [value], 'x y': { a: value } };
        expect(['boolean', 'string']).toContain(typeof answerOf(text, event));
      }),
      { numRuns: 1_000 },
    );
  });
});
