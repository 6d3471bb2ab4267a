import { describe, expect, it } from 'vitest';

import { descriptionLengthMax, nameLengthMax } from '../../src/event/envelope.ts';
import { MalformedMessageError } from '../../src/event/errors.ts';
import { normalizeCloudStack } from '../../src/normalize/cloud/cloudstack.ts';
import { normalizerFor } from '../../src/normalize/source-formats.ts';
import { bodyBytesMax } from '../../src/normalize/value/json.ts';
import { jobWithSecrets, jobWithSecretsOld } from '../fixtures/cloudstack-secrets.ts';
import { account, envelopeOnKafka, messageOf, samples } from '../fixtures/cloudstack.ts';

const normalize = (body: string | Uint8Array | null, routingKey?: string) =>
  normalizeCloudStack(messageOf(body, routingKey));
const action = { event: 'VM.START', status: 'Completed', account };

describe.each(Object.entries(samples))('sample %s', (_, sample) => {
  it('becomes its envelope when it comes by RabbitMQ', () => {
    expect(normalize(sample.body, sample.routingKey).envelope).toEqual(sample.envelope);
  });

  it('becomes its envelope when it comes by Kafka, where the body alone tells the category', () => {
    expect(normalize(sample.body).envelope).toEqual(envelopeOnKafka(sample));
  });

  it('keeps its body byte for byte', () => {
    expect(Buffer.from(normalize(sample.body, sample.routingKey).body)).toEqual(
      Buffer.from(sample.body),
    );
  });
});

it('is what the configured format cloudstack means, one event a message', () => {
  const { body, envelope } = samples.vmStartFailed;
  expect(normalizerFor('cloudstack', { now: Date.now })(messageOf(body))).toEqual([
    { envelope, body },
  ]);
});

describe('the body', () => {
  it.each([
    ['a byte order mark', `\ufeff${JSON.stringify(action)}`],
    ['white space', `\r\n\t ${JSON.stringify(action, undefined, 2)} \n`],
    ['escapes', String.raw`{"event":"VM.START","status":"Completed","d":"\u003d\u0000\ud800\/"}`],
    ['characters outside the BMP', JSON.stringify({ ...action, description: 'größer 🚀 \ufffd' })],
    ['numbers no double can hold', '{"event":"VM.START","status":"x","n":12345678901234567890.10}'],
    ['one key twice', '{"event":"VM.START","status":"x","status":"y"}'],
  ])('of an action event keeps %s', (_, body) => {
    expect(normalize(body).body).toBe(body);
  });

  it.each([
    ['objects', jobWithSecrets],
    ['text', jobWithSecretsOld],
  ])('of an async job whose parameters are %s loses its secrets and nothing else', (_, body) => {
    expect(normalize(body).body).not.toContain('hush');
    expect(normalize(body).body).toContain('web-1');
    expect(normalize(body).body).toContain('"commandEventType":"VM.');
  });

  it('of an async job without secrets is passed on as it came', () => {
    const body = `${samples.jobCompleted.body}\n`;
    expect(normalize(body).body).toBe(body);
  });
});

describe('the envelope', () => {
  it('takes entity and uuid from the routing key when the body has none', () => {
    expect(
      normalize(
        JSON.stringify(action),
        'management-server.ActionEvent.VM-START.com-cloud-vm-VirtualMachine.42',
      ).envelope,
    ).toMatchObject({ entity: 'VirtualMachine', entityuuid: '42' });
  });

  it('ignores a routing key that is not of CloudStack', () => {
    expect(normalize(JSON.stringify(action), 'bridged.cloudstack').envelope).toMatchObject({
      category: 'ActionEvent',
      source: 'management-server',
    });
  });

  it('has no fact that is empty, null or not text', () => {
    const body = { ...action, account: '', entity: null, user: 7, description: {} };
    expect(normalize(JSON.stringify(body)).envelope).toEqual({
      category: 'ActionEvent',
      event: 'VM.START',
      status: 'Completed',
      source: 'management-server',
    });
  });

  it('shows a time it cannot read among the details instead of refusing the event', () => {
    const { envelope } = normalize(JSON.stringify({ ...action, eventDateTime: 'yesterday' }));
    expect(envelope.eventDateTime).toBeUndefined();
    expect(envelope.details).toEqual({ eventDateTime: 'yesterday' });
  });

  it('has nothing PostgreSQL refuses where the body escapes U+0000 or half a surrogate pair', () => {
    const body = String.raw`{"event":"VM\u0000.START","status":"\ud800x","details":"\udfff","k\u0000":"v\u0000"}`;
    expect(normalize(body).envelope).toMatchObject({
      event: 'VM\ufffd.START',
      status: '\ufffdx',
      description: '\ufffd',
      details: { 'k\ufffd': 'v\ufffd' },
    });
    expect(
      normalize(JSON.stringify(action), 'a\0.ActionEvent.VM-START.\0.\0').envelope,
    ).toMatchObject({ source: 'a\ufffd', entity: '\ufffd', entityuuid: '\ufffd' });
  });

  it('cuts a description that is too long, not through a character', () => {
    const description = `x${'🚀'.repeat(descriptionLengthMax)}`;
    const { envelope, body } = normalize(JSON.stringify({ ...action, description }));
    expect(envelope.description).toBe(description.slice(0, descriptionLengthMax - 1));
    expect(body).toContain(description);
  });

  it('shows no secret among the details', () => {
    const body = JSON.stringify({ ...action, password: 'hush', Volume: 'v' });
    expect(normalize(body).envelope.details).toEqual({ Volume: 'v' });
  });

  it('names an async job of a command without an event type by its category', () => {
    expect(normalize('{"jobId":"1","cmdInfo":{},"status":"FAILED"}').envelope).toEqual({
      category: 'AsyncJobEvent',
      event: 'AsyncJobEvent',
      status: 'FAILED',
      source: 'management-server',
      details: { jobId: '1' },
    });
  });
});

describe('a message that can never be understood', () => {
  const routingKey = 'management-server.ActionEvent.VM-START.VirtualMachine.*';
  const object = 'expected one JSON object in UTF-8';
  it.each([
    ['a tombstone', null, `there is no body (a Kafka tombstone); ${object}`],
    ['no bytes', '', `the body is empty; ${object}`],
    ['not JSON', '{"event":VM.START}', `the body is not JSON; ${object}`],
    ['cut off', '{"event":"VM.START"', `the body is not JSON, wrong at position 19; ${object}`],
    [
      'not UTF-8',
      Buffer.from('{"event":"gr\u00f6\u00dfer"}', 'latin1'),
      `the body is not UTF-8; ${object}`,
    ],
    ['an array', '[{"event":"VM.START"}]', `the body is a JSON array; ${object}`],
    ['null', ' null ', `the body is null; ${object}`],
    ['a text', '"VM.START"', `the body is a JSON string; ${object}`],
    [
      '5 MB of garbage',
      Buffer.alloc(5e6, 'garbage'),
      `the body has 5000000 bytes, more than the ${bodyBytesMax} that are read; ${object}`,
    ],
    ['4 MiB of nesting', '['.repeat(bodyBytesMax), `the body is not JSON; ${object}`],
    [
      'an array 100,000 deep',
      '['.repeat(1e5) + ']'.repeat(1e5),
      `the body is a JSON array; ${object}`,
    ],
    [
      'no event',
      '{"status":"Completed"}',
      'there is no "event" in the body; expected the event type as text',
    ],
    [
      'an event that is no text',
      '{"event":1}',
      'there is no "event" in the body; expected the event type as text',
    ],
    [
      'an endless id',
      JSON.stringify({ ...action, account: 'x'.repeat(nameLengthMax + 1) }),
      '"account" has 256 characters; expected at most 255',
    ],
  ])('is refused with the reason: %s', (_, body, reason) => {
    expect(() => normalize(body, routingKey)).toThrow(new MalformedMessageError(reason));
  });

  it('is a JSON object of an unknown shape, when there is no routing key either', () => {
    expect(() => normalize('{"hello":"world"}')).toThrow(
      /^the body has the shape of no CloudStack event; expected "event" and "status"/,
    );
  });

  it('is one whose routing key names a category that does not exist', () => {
    expect(() => normalize(JSON.stringify(action), 'management-server.NewEvent.a.b.c')).toThrow(
      'the second word of the routing key is not a known category; expected ActionEvent, AlertEvent, ' +
        'UsageEvent, ResourceStateEvent, AsyncJobEvent',
    );
  });

  it('is told without a word of its body', () => {
    expect(() => normalize('{"password": hush}')).toThrow(/^(?!.*hush)/);
  });
});

describe('a number beyond 2^53', () => {
  const big = '9007199254740993';
  const job = (more: string): string =>
    normalize(`{"jobId":"1","command":"c","n":${big},${more}}`).body;

  it('has all its digits in a body that was scrubbed, as it has in any other', () => {
    expect(job('"m":1')).toBe(`{"jobId":"1","command":"c","n":${big},"m":1}`);
    expect(job('"apikey":"k","m":[1.50]')).toBe(
      `{"jobId":"1","command":"c","n":${big},"apikey":"***","m":[1.5]}`,
    );
  });

  it('has them in JSON that is text, too', () => {
    const info = JSON.stringify(`{"psk":"x","id":${big},"ids":[${big}]}`);
    expect(JSON.parse(job(`"cmdInfo":${info}`)).cmdInfo).toBe(
      `{"psk":"***","id":${big},"ids":[${big}]}`,
    );
  });

  it('is scrubbed when it is a secret', () => {
    expect(job(`"otp":${big}`)).toContain('"otp":"***"');
  });

  it('is no reason to refuse a body that nests 100,000 deep', () => {
    const body = job(`"deep":${'['.repeat(1e5)}${']'.repeat(1e5)}`);
    expect(body).toContain(`"n":"${big}"`);
    expect(body).toContain('nested too deeply');
  });
});

it('reads an event whose body nests 100,000 deep', () => {
  const deep = '['.repeat(1e5) + ']'.repeat(1e5);
  const actionBody = `{"event":"VM.START","status":"Completed","deep":${deep}}`;
  expect(normalize(actionBody).body).toBe(actionBody);
  const job = normalize(`{"jobId":"1","command":"c","jobResult":${deep}}`);
  expect(job.body.length).toBeLessThan(200);
  expect(job.body).toContain('nested too deeply');
});
