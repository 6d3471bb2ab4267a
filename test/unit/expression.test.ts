import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import { compileExpression, expressionCharsMax } from '../../src/expression/expression.ts';
import { originalCharsMax, Subject } from '../../src/match/subject.ts';

function ask(text: string, original: unknown = {}, envelope: Envelope = { event: 'VM.START' }) {
  const subject = new Subject(envelope, JSON.stringify(original));
  const compiled = compileExpression(text);
  if ('fault' in compiled) throw new Error(compiled.fault);
  return compiled.holds(name => subject.fact(name));
}

const holds = (body: string, text: string) => {
  const subject = new Subject({ event: 'VM.START' }, body);
  const compiled = compileExpression(text);
  return 'holds' in compiled && compiled.holds(name => subject.fact(name));
};

describe('an expression', () => {
  const original = {
    job: { status: 'error', attempts: 4 },
    disks: [
      { size: 20, type: 'ROOT' },
      { size: 5, type: 'DATA' },
      { size: 50, type: 'DATA', tags: ['prod', 'eu'] },
    ],
    description: 'Out Of Memory',
    'odd key': 1,
    empty: [],
    none: null,
  };

  it.each([
    ['event = "VM.START"', true],
    ['severity = "info"', true],
    ['original.job.status = "error" and original.job.attempts > 3', true],
    ['original.job.attempts >= 5 or original.job.attempts < 4', false],
    ['original.disks[type = "DATA" and size > 10].size = 50', true],
    ['original.disks[0].type = "ROOT"', true],
    ['original.disks[-1].type = "ROOT"', false],
    ['$exists(original.disks[$exists(tags[$ = "prod"])])', true],
    ['$count(original.disks[size > 4]) = 3', true],
    ['"eu" in original.disks.tags', true],
    ['original.job.status in ["warning", "error"]', true],
    ['$contains($lowercase(original.description), "out of memory")', true],
    ['$length(original.description) = 13', true],
    ['original.`odd key` != 2', true],
    ['$not($exists(original.missing))', true],
    ['original.missing != 1', false],
    ['original.none = null', true],
    ['$exists(original.none)', true],
    ['original.empty', false],
    ['original.disks', true],
    ['$number("12") > 11', true],
    ['original.`__proto__`', false],
    ['original.constructor', false],
    ['$exists(toString)', false],
    ['original.job.status.length', false],
  ])('%s is %s', (text, answer) => {
    expect(ask(text, original)).toBe(answer);
  });

  it.each([
    ['original.job.attempts < "4"', 'it compares text with a number'],
    ['original.job < 4', 'it compares by order what is neither text nor a number'],
    ['original.job = original.disks[0]', 'it compares an object'],
    [
      '$lowercase(original.job.attempts) = "4"',
      'a function that takes text is given something else',
    ],
    ['$number(original.job.status) = 1', '$number is given what is no number'],
  ])('%s has no answer: %s', (text, reason) => {
    expect(ask(text, original)).toBe(reason);
  });

  it('looks at so much of an event and no more', () => {
    const items = Array.from({ length: 6_000 }, () => [[[[0]]]]);
    const tooMuch = 'it takes more steps than an expression may';
    expect(ask('1 in details.x[$ = 0]', {}, { event: 'E', details: { x: items } })).toBe(tooMuch);
    let deep: unknown = 1;
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    const event = { event: 'E', details: { x: deep, y: structuredClone([[[1]]]) } };
    for (const text of ['details.x', 'details.x.y = 1', 'details.x = details.x[0]']) {
      expect(ask(text, {}, event)).toContain('too deep');
    }
    expect(ask('details.y', {}, event)).toBe(true);
    const long = 'x'.repeat(2_000_000);
    expect(ask('$contains(description, "y")', {}, { event: 'E', description: long })).toBe(tooMuch);
  });

  it('does not look into an original that is too long, and finds nothing in one that is no JSON', () => {
    const long = JSON.stringify({ a: 'x'.repeat(originalCharsMax) });
    expect(holds(long, '$exists(original.a)')).toContain('has more than 65536 characters');
    expect(holds(long, 'event = "VM.START"')).toBe(true);
    expect(holds('VM.START', '$exists(original)')).toBe(false);
    expect(holds('VM.START', '$not($exists(original.a))')).toBe(true);
  });
});

describe('a text', () => {
  it.each([
    ['a = ', 1, 4, 'Unexpected end of expression'],
    ['a =\n  ]', 2, 3, 'symbol "]"'],
    ['$contains(a, /x+/)', 1, 10, '$contains takes a text'],
    ['a ~> $f', 1, 4, '~> is not allowed'],
    ['$map(a, function($x){1})', 1, 5, 'the function $map is not allowed'],
    ['$x', 1, 2, 'the variable $x is not allowed'],
    ['$', 1, 1, 'the variable $ is not allowed'],
    ['a.**', 1, 4, '** is not allowed'],
    ['a.*', 1, 3, '* is not allowed'],
    ['($x := 1; $x)', 1, 1, 'exactly one expression'],
    ['a + 1 > 2', 1, 3, 'the operator + is not allowed'],
    ['[1..9999999]', 1, 4, 'a list of more than literals'],
    ['a[b]', 1, 2, 'a whole number or a test'],
    ['a^(b)', 1, 2, 'is not allowed'],
    ['a{b: c}', 1, 2, 'grouping with { }'],
    ['a@$v.b', 1, 1, 'binding with @ or #'],
    ['a.%.b', 1, 1, 'binding with @ or #'],
    ['(a)[0]', 1, 1, '[ ] after anything but a name'],
    ['a[]', 1, 1, 'an empty [ ]'],
    ['a ? b : c', 1, 3, 'condition is not allowed'],
    ['$lowercase(a, b) = 1', 1, 11, 'exactly one expression'],
    ['$eval("1")', 1, 6, 'the function $eval'],
    ['|a|{}|', 1, 1, 'transform is not allowed'],
    ['/(a+)+$/', 1, 8, 'a regular expression'],
    [`a = 1${' and a = 1'.repeat(50)}`, 1, 371, 'it has more than 200 parts'],
    ['x'.repeat(expressionCharsMax + 1), 1, 1_000, 'more than 1000 characters'],
  ])('%s is refused at line %i, column %i', (text, line, column, part) => {
    const compiled = compileExpression(text);
    expect(compiled).toMatchObject({ line, column, fault: expect.stringContaining(part) });
  });

  it('says what is allowed instead', () => {
    expect(compileExpression('$split(a, "b")')).toMatchObject({
      fault: expect.stringMatching(
        /expected paths such as .* and the functions \$exists .* \$contains$/,
      ),
    });
  });
});
