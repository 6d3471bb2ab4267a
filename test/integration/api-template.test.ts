/** Templates are tried before they are saved, and shown on the last events. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { listFormats } from '../../src/format/formats.ts';
import { templateFormats } from '../../src/render/template-formats.ts';
import { RenderPool } from '../../src/render/pool.ts';
import { databaseOf } from '../../src/store/database.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { silent } from './record-harness.ts';

let api: ApiUnderTest;
let pool: RenderPool;
beforeAll(async () => {
  pool = new RenderPool({
    processes: 1,
    timeoutMs: 2_000,
    memoryMb: 64,
    bytesMax: 2_000,
    queueMax: 100,
    log: silent,
  });
  api = await startApi({ formats: listFormats(templateFormats(pool)) });
  await api.ask('POST', '/v1/domains', { id: 'root', name: 'ROOT' });
  await api.ask('POST', '/v1/accounts', { id: 'a', name: 'A', domainId: 'root', kind: 'user' });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  pool.close();
});

let count = 0;
const webhook = (fields: object) => {
  count += 1;
  return { name: 'w', accountId: 'a', payloadUrl: `https://r.example/${count}`, ...fields };
};

describe('a template', () => {
  it('is saved when it is one', async () => {
    const template = '{"text": {{ description | json }}}';
    const made = await api.ask('POST', '/v1/webhooks', webhook({ format: 'template', template }));
    expect(made).toMatchObject({ status: 201, body: { format: 'template', template } });
    const changed = await api.ask('PATCH', `/v1/webhooks/${made.body.id}`, {
      format: 'jsonata',
      template: '{"text": description}',
    });
    expect(changed.status).toBe(200);
  });

  it.each(['{see the wiki} {{ event }}', '[{{ severity }}] {{ event }}', '{{ event }}: {"a":'])(
    'that makes a text which merely has brackets is saved: %s',
    async template => {
      const fields = webhook({ format: 'template', template });
      expect((await api.ask('POST', '/v1/webhooks', fields)).status).toBe(201);
    },
  );

  it('may find nothing in an event', async () => {
    const fields = webhook({ format: 'jsonata', template: 'original.not.there' });
    expect((await api.ask('POST', '/v1/webhooks', fields)).status).toBe(201);
  });

  it('may make several lines of JSON, as bulk interfaces take them', async () => {
    const template = '{"index": {}}\n{"what": {{ event | json }}}\n';
    const answer = await api.ask('POST', '/v1/webhooks', webhook({ format: 'template', template }));
    expect(answer.status).toBe(201);
  });

  it.each([
    ['template', 'a\n  {{ event | shout }}', { line: 2, column: 3 }, 'undefined filter: shout'],
    ['template', '{% include "x" %}', { line: 1, column: 1 }, 'tag "include" not found'],
    ['jsonata', '{\n"a": [1,\n}', { line: 3, column: 1 }, 'cannot be used as a unary operator'],
    ['jsonata', '($f := function($n) { $f($n + 1) }; $f(1))', {}, 'longer than 2000 ms'],
    // Which of the two comes first depends on the machine.
    ['jsonata', '[1..9999999]', {}, 'needs more than 64 MB|longer than 2000 ms'],
    ['template', '{% for i in (1..5000) %}x{% endfor %}', {}, 'longer than 2000 bytes'],
    [
      'template',
      '{"text": {{ event }}}',
      {},
      'begins as JSON and is not .*, for an event VM.START',
    ],
    ['template', '{"a": {{ account | json }} "c": 1}', {}, 'begins as JSON and is not '],
    ['template', '[ {"size": {{ details.size }}} ]', {}, 'put "| json" behind every value'],
    [
      'template',
      '{"text": {{ event | json }}{% if user %}, "user": {{ user | json }}{% else %},{% endif %}}',
      {},
      'for an event that has nothing but its type',
    ],
    ['jsonata', `'{"text": ' & user & '}'`, {}, 'begins as JSON and is not'],
  ])('of format %s is refused: %j', async (format, template, place, message) => {
    const { body: good } = await api.ask('POST', '/v1/webhooks', webhook({}));
    for (const answer of [
      await api.ask('POST', '/v1/webhooks', webhook({ format, template })),
      await api.ask('PATCH', `/v1/webhooks/${good.id}`, { format, template }),
      await api.ask('POST', '/v1/preview', { format, template }),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { code: 'format_invalid' } });
      expect(answer.body.errors).toEqual([
        { path: '/template', message: expect.stringMatching(message), ...place },
      ]);
    }
  });

  it('is needed', async () => {
    const answer = await api.ask('POST', '/v1/webhooks', webhook({ format: 'template' }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'format_invalid' } });
  });

  it('is shown on the last events before it is saved', async () => {
    await recordBatch(databaseOf(api.store), {
      processId: await joined(),
      source: 's',
      events: ['{"n":1}', '{"n":2}', '{}'].map(body => ({
        id: newId(),
        envelope: { event: 'VM.START' },
        body,
        owed: [],
      })),
      quarantined: [],
    });
    const template = 'original.n';
    const answer = await api.ask('POST', '/v1/preview', { format: 'jsonata', template });
    expect(answer.status).toBe(200);
    expect(answer.body.items).toMatchObject([
      {
        body: null,
        error: 'the template cannot render this event: it finds nothing in this event',
      },
      { body: '2', error: null },
      { body: '1', error: null },
    ]);
  });

  it('takes the place of the words of Cloudpods’ text, and is sent as that is', async () => {
    await recordBatch(databaseOf(api.store), {
      processId: await joined(),
      source: 's',
      events: [{ id: newId(), envelope: { event: 'VM.STOP' }, body: '{}', owed: [] }],
      quarantined: [],
    });
    const wanted = { format: 'cloudpods-text', template: 'gone: {{ event }}' };
    const saved = await api.ask('POST', '/v1/webhooks', webhook({ ...wanted, validation: 'none' }));
    expect(saved.status).toBe(201);
    const { body } = await api.ask('POST', '/v1/preview', { ...wanted, limit: 1 });
    expect(body.items).toMatchObject([
      { body: 'gone: VM.STOP', headers: { 'X-Yunion-Event': 'RESOURCE/STOP' } },
    ]);
    const wrong = { ...wanted, template: '{{ event | shout }}' };
    expect((await api.ask('POST', '/v1/preview', wrong)).body.code).toBe('format_invalid');
  });
});

async function joined(): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into process (host, pid, lease_until, watermark)
    values ('h', 1, now() + interval '1 hour', gen_random_uuid()) returning id`.execute(
    databaseOf(api.store),
  );
  return rows[0]?.id ?? 0;
}
