/** What a template may do, and what it is told when it may not. Run in this process; `render.test.ts` has the others. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createEngine } from '../../src/render/engine.ts';
import type { Engine, Job } from '../../src/render/job.ts';

const engineUnderTest = createEngine(10_000);
/** Time enough where the machine has other things to do: these tests are not about it. */
const run = (job: Job) => engineUnderTest(job, 30_000);
const hasty = (job: Job) => engineUnderTest(job, 100);
const event = {
  id: '01a1fb67-1801-7abc-8def-0123456789ab',
  envelope: {
    category: 'ActionEvent',
    event: 'VM.START',
    account: 'acme',
    status: 'Failed',
    eventDateTime: '2024-07-10T08:05:07.000Z',
    description: `${'a'.repeat(40)}!`,
  } as const,
  body: '{"vm":{"name":"web \\"1\\"","disks":[{"size":5},{"size":50}]},"__proto__":{"a":1}}',
};
const say = (engine: Engine, template: string, body = event.body) =>
  run({ engine, template, event: { ...event, body } });

describe('a Liquid template', () => {
  it.each([
    ['{{ event }} {{ id }} {{ severity }}', `VM.START ${event.id} error`],
    ['{"name": {{ original.vm.name | json }}}', '{"name": "web \\"1\\""}'],
    ['{% for disk in original.vm.disks %}{{ disk.size }};{% endfor %}', '5;50;'],
    ["{{ eventDateTime | date: '%d.%m.%Y %H:%M' }}", '10.07.2024 08:05'],
    ['{{ nothing.at.all }}', ''],
    ['{"text": {{ domain | json }}, "who": {{ user | json }}}', '{"text": null, "who": null}'],
    ['{{ nothing.at.all | json }}{{ nil | json }}{{ null | jsonify }}', 'nullnullnull'],
    ['{{ blank | json }} {{ empty | json }} {{ false | json }} {{ 0 | json }}', '"" "" false 0'],
    ['{{ original.vm.disks | map: "size" | json: 1 }}', '[\n 5,\n 50\n]'],
    ['{% if status == "Failed" %}!{% else %}ok{% endif %}', '!'],
    ['{{ original.constructor }}{{ event.constructor }}{{ original.vm.toString }}', ''],
    ['{{ original.vm.disks.push }}{{ constructor }}{{ process }}{{ globalThis }}', ''],
  ])('%s says %s', (template, text) => {
    expect(say('liquid', template)).toEqual({ text });
  });

  it.each([
    ['{{ event', 1, 1, 'not closed'],
    ['a\n  {% if event %}', 2, 3, 'not closed'],
    ['{{ event | shout }}', 1, 1, 'undefined filter: shout'],
    ['{% include "/etc/passwd" %}', 1, 1, 'tag "include" not found'],
    ['{% render "x" %}', 1, 1, 'tag "render" not found'],
    ['{% layout "x" %}', 1, 1, 'tag "layout" not found'],
    ['\n{{ "now" | date: "%s" }}', 2, 1, 'now differs from try to try'],
    ['{{ original.vm.disks | sample }}', 1, 1, 'undefined filter: sample'],
    ['{% for i in (1..1000000000) %}x{% endfor %}', 1, 1, 'memory alloc limit exceeded'],
    [
      '{% assign x = "xxxx" %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}',
      1,
      46,
      'memory alloc limit exceeded',
    ],
  ])('%j fails at line %i, column %i', (template, line, column, part) => {
    expect(say('liquid', template)).toEqual({
      fault: expect.stringContaining(part),
      line,
      column,
    });
  });
});

describe('a JSONata transform', () => {
  it.each([
    [
      '{"text": event & " " & status, "sizes": original.vm.disks.size}',
      '{"text":"VM.START Failed","sizes":[5,50]}',
    ],
    ['event', 'VM.START'],
    ['$count(original.vm.disks)', '2'],
    ['$sum(original.vm.disks.size)', '55'],
    ['original.vm.disks[size > 5]', '{"size":50}'],
    ['null', 'null'],
  ])('%s says %s', (template, text) => {
    expect(say('jsonata', template)).toEqual({ text });
  });

  it.each([
    ['event &', 1, 7, 'end of expression'],
    ['{\n  "a": $uppercase(1)\n}', 2, 18, 'does not match function signature'],
    ['event + 1', 1, 7, 'must evaluate to a number'],
    ['$now()', 1, 5, '$now differs from try to try'],
    ['$random()', 1, 8, '$random differs from try to try'],
  ])('%j fails at line %i, column %i', (template, line, column, part) => {
    expect(say('jsonata', template)).toEqual({
      fault: expect.stringContaining(part),
      line,
      column,
    });
  });

  it.each([
    ['original.constructor', 'it finds nothing in this event'],
    ['$string.constructor', 'it finds nothing in this event'],
    ['$lookup($, "toString")', 'it finds nothing in this event'],
    ['function($x) { $x }', 'its result holds a function'],
    ['{"a": [$sum]}', 'its result holds a function'],
    ['($f := function($n) { $f($n + 1) + 1 }; $f(1))', 'call stack'],
  ])('%s is refused: %s', (template, part) => {
    expect(say('jsonata', template)).toMatchObject({ fault: expect.stringContaining(part) });
  });

  it.each([
    ['{} ~> |$lowercase|{"implementation": function($x) { "mine: " & $x }}|', 7],
    ['($change := |$uppercase|{"signature": null}|; $change({}))', 13],
    ['$eval("{} ~> |$trim|{\\"signature\\": null}|")', 6],
  ])('cannot change what others see: %s', (template, column) => {
    expect(say('jsonata', template)).toEqual({
      fault: expect.stringContaining('not available in a template'),
      line: 1,
      column,
    });
    expect(say('jsonata', '$lowercase($uppercase($trim(event)))')).toEqual({ text: 'vm.start' });
  });

  it('keeps nothing from one event to the next', () => {
    const counting = '$n := ($exists($n) ? $n + 1 : 1)';
    expect([say('jsonata', counting), say('jsonata', counting)]).toEqual([
      { text: '1' },
      { text: '1' },
    ]);
  });

  it('cannot reach the prototype of anything', () => {
    for (const template of [
      '$merge([original, {"__proto__": {"polluted": 1}}])',
      'original ~> |$|{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}|',
      '$each(original, function($v, $k) { {$k: $v} })',
      '{"__proto__": {"polluted": 1}}',
    ]) {
      say('jsonata', template);
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Reflect.get([], 'polluted')).toBeUndefined();
  });
});

describe('a template', () => {
  it.each<[Engine, string]>([
    [
      'liquid',
      `{% for i in (1..9999) %}${'{% for j in (1..9999) %}x'.repeat(3)}${'{% endfor %}'.repeat(4)}`,
    ],
    ['jsonata', '($f := function($n) { $f($n + 1) }; $f(1))'],
    ['jsonata', '$contains(description, /^(a+)+$/)'],
    ['jsonata', '$sort([1..100000], function($a, $b) { $a < $b })'],
  ])('%s that does not end is ended: %s', (engine, template) => {
    expect(hasty({ engine, template, event })).toEqual({
      fault: 'it takes longer than 100 ms',
      limit: 'time',
    });
    expect(run({ engine, template: '"x"', event })).toHaveProperty('text');
  });

  it.each<[Engine, string]>([
    ['liquid', '{% for i in (1..20000) %}x{% endfor %}'],
    ['jsonata', '$pad("", 20000, "ä")'],
  ])('%s says no more than it may', (engine, template) => {
    expect(say(engine, template)).toEqual({
      fault: 'the text is longer than 10000 bytes',
      limit: 'size',
    });
  });

  it('is only compiled where there is no event', () => {
    expect(run({ engine: 'jsonata', template: 'nothing' })).toEqual({ text: '' });
    expect(run({ engine: 'jsonata', template: '$$[' })).toHaveProperty('fault');
    expect(run({ engine: 'liquid', template: '{% endfor %}' })).toHaveProperty('fault');
  });

  it('sees no original in a body that is no JSON', () => {
    expect(say('liquid', '[{{ original }}]', 'VM.START')).toEqual({ text: '[]' });
  });

  it('answers or says why not, whatever it is and whatever the event is', () => {
    const pieces = [
      '{{',
      '}}',
      '{%',
      '%}',
      ' for i in original ',
      ' endfor ',
      '|',
      'json',
      '$',
      '.',
      '[',
      ']',
      '(',
      ')',
      '"',
      'a',
      '*',
      '/',
      ':',
      '{',
      '}',
    ];
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 1 })),
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.constantFrom('liquid' as const, 'jsonata' as const),
        text,
        fc.json(),
        (engine, template, body) => {
          const said = say(engine, template, body);
          expect('text' in said || said.fault.length > 0).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
