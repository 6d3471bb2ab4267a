/** Chat and operations: readable, within each target's limits, and nothing an event says can ping, link or inject. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import { fit } from '../../src/format/cut.ts';
import { incidentOf } from '../../src/format/incident/incident.ts';
import { titleOf } from '../../src/format/words.ts';
import { samples } from '../fixtures/cloudstack.ts';
import { eventOf, hostileTexts, sampleEvents } from '../fixtures/format-events.ts';
import { pairsOf, rendered, said } from '../fixtures/rendered.ts';

const failed = eventOf('failed', samples.vmStartFailed.envelope);
const done = eventOf('done', {
  ...samples.vmStartFailed.envelope,
  description: 'Successfully started VM',
});
const begun = eventOf('begun', { ...done.envelope, status: 'Started' });
const secretKey = 'R0UTINGKEY';

const hostile = hostileTexts.map(text => {
  const short = Array.from(text).slice(0, 120).join('');
  return eventOf('hostile', {
    event: short,
    entity: short,
    entityuuid: short,
    account: short,
    project: `p${short}`,
    domain: short,
    user: short,
    status: 'Failed',
    description: Array.from(text).slice(0, 2_000).join(''),
    details: { alarm_name: text },
  });
});

/** Every text in a value, with the key it stands under. */
function textsIn(value: unknown, key = ''): { key: string; text: string }[] {
  if (typeof value === 'string') return [{ key, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    textsIn(inner, Array.isArray(value) ? key : name),
  );
}

function longest(name: string, key: string): number {
  return Math.max(
    ...hostile.flatMap(event =>
      textsIn(said(name, event, { secretKey }))
        .filter(one => one.key === key)
        .map(({ text }) => text.length),
    ),
  );
}

const escape = (character: string): string => (character === '<' ? '&lt;' : character);

describe('what people read', () => {
  it.each<[Envelope, string]>([
    [failed.envelope, 'VM.START failed'],
    [done.envelope, 'VM.START completed'],
    [
      { event: 'alarm-transitioned', status: 'ALARM', details: { alarm_name: 'busy' } },
      'busy: ALARM',
    ],
    [{ event: 'vm.start', status: 'Failed' }, 'vm.start failed'],
    [{ event: 'a\nb' }, 'a b'],
  ])('of %j is a title', (envelope, title) => {
    expect(titleOf(envelope)).toBe(title);
  });

  it('is cut to fit without cutting a character or an escape in two', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '<', '💩', 'é') }),
        fc.integer({ min: 1, max: 40 }),
        (text, max) => {
          const cut = fit(text, max, escape);
          expect(cut.length).toBeLessThanOrEqual(max);
          expect(cut.isWellFormed()).toBe(true);
          expect(cut.replaceAll('&lt;', '')).not.toContain('&');
          const whole = Array.from(text, escape).join('');
          expect(cut === whole || (cut.endsWith('…') && whole.startsWith(cut.slice(0, -1)))).toBe(
            true,
          );
          expect(whole.length > max).toBe(cut !== whole);
        },
      ),
    );
  });
});

describe('slack', () => {
  it('says the title in its line and the facts in a block of the severity’s colour', () => {
    expect(said('slack', failed, { body: { channel: '#ops' } })).toMatchObject({
      text: '🔴 VM.START failed',
      mrkdwn: false,
      parse: 'none',
      link_names: false,
      channel: '#ops',
      attachments: [{ color: '#d32f2f' }],
    });
  });

  it('stays within Slack’s limits and lets no event begin a link or a mention', () => {
    for (const event of hostile) {
      for (const { text } of textsIn(said('slack', event))) {
        expect(text.length).toBeLessThanOrEqual(3_000);
        expect(text).not.toMatch(/[<>]/);
        expect(text.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
      }
    }
  });
});

/** All objects in a value that have a type and a text. */
function textObjects(value: unknown): { type: string; text: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const { type, text } = Object(value);
  const own = typeof type === 'string' && typeof text === 'string' ? [{ type, text }] : [];
  return [...own, ...Object.values(value).flatMap(textObjects)];
}

describe('what would be formatted, linked or named', () => {
  const description =
    '*bold* _it_ `code` ~gone~ http://example.org/x @here #general ~town-square :tada:';
  const event = eventOf('e', {
    event: 'vm.start',
    status: 'Failed',
    description,
    user: description,
  });

  it('is plain text to Slack', () => {
    const body = Object(said('slack', event));
    const texts = textObjects(body.attachments);
    expect(new Set(texts.map(({ type }) => type))).toEqual(new Set(['plain_text']));
    expect(texts.map(({ text }) => text)).toContain(description);
    expect(texts.map(({ text }) => text)).toContain(`User\n${description}`);
  });

  it.each(['discord', 'mattermost', 'rocketchat'])('is escaped for %s', name => {
    const message = JSON.stringify(said(name, event));
    for (const read of [
      '*bold*',
      '`code`',
      '~gone~',
      'http://',
      ' ~town',
      ' #general',
      ' :tada:',
      ' @here',
    ]) {
      expect(message).not.toContain(read);
    }
  });
});

describe('a fact of blanks', () => {
  const blanks = ['   ', '\u{a0}\t', '\u{200b}\u{200b}', '\u{2800}', '\u{3164}'];

  it.each(['slack', 'discord', 'teams', 'mattermost', 'rocketchat'])(
    'is left out for %s, which would refuse the message',
    name => {
      for (const blank of blanks) {
        const bare = eventOf('e', { event: 'vm.start', status: 'Failed' });
        const blankOne = eventOf('e', {
          ...bare.envelope,
          description: blank,
          user: blank,
          account: blank,
          entity: blank,
        });
        expect(said(name, { ...blankOne, id: bare.id })).toEqual(said(name, bare));
      }
    },
  );
});

describe('discord', () => {
  it('pings nobody', () => {
    expect(said('discord', failed)).toMatchObject({ allowed_mentions: { parse: [] } });
  });

  it('stays within the limits of an embed', () => {
    for (const event of hostile) {
      const { embeds } = Object(said('discord', event));
      const texts = textsIn(embeds);
      const limits: Record<string, number> = {
        title: 256,
        description: 4_096,
        value: 1_024,
        name: 256,
      };
      for (const { key, text } of texts)
        expect(text.length).toBeLessThanOrEqual(limits[key] ?? 2_048);
      expect(texts.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(6_000);
    }
  });

  it('leaves Markdown nothing to read', () => {
    const event = eventOf('e', {
      event: '[x](https://e.example) @everyone **b**',
      status: 'Failed',
    });
    const { embeds } = Object(said('discord', event));
    expect(embeds[0].title).toBe(
      String.raw`\[x\]\(https\://e\.example\) \@everyone \*\*b\*\* failed`,
    );
  });
});

describe('teams', () => {
  it('is an Adaptive Card in text runs, which know no Markdown', () => {
    const kinds = hostile.flatMap(event => {
      const { attachments } = Object(said('teams', event));
      return textsIn(attachments[0].content.body)
        .filter(({ key }) => key === 'type')
        .map(({ text }) => text);
    });
    expect(new Set(kinds)).toEqual(new Set(['RichTextBlock', 'TextRun']));
  });

  it('stays below 28 KB, counted as UTF-16', () => {
    for (const event of hostile) {
      expect(rendered('teams', event).body.toString().length * 2).toBeLessThan(28_000);
    }
  });
});

describe.each(['mattermost', 'rocketchat'])('%s', name => {
  it('pings nobody, and leaves Markdown nothing to read', () => {
    const event = eventOf('e', { event: '@all [x](https://e.example)', status: 'Failed' });
    const { text } = Object(said(name, event));
    expect(text.replaceAll('*', '')).toBe(`@\u{200B}all \\[x\\]\\(https\\://e\\.example\\) failed`);
  });

  it('stays within what a message may have', () => {
    for (const event of hostile) {
      const total = textsIn(said(name, event)).reduce((sum, { text }) => sum + text.length, 0);
      expect(total).toBeLessThan(16_000);
    }
  });
});

describe('incidents', () => {
  it('are opened by a failure and closed by the same action that went well', () => {
    expect(incidentOf(failed)).toMatchObject({ step: 'open', severity: 'error' });
    expect(incidentOf(done)).toEqual({ ...incidentOf(failed), step: 'close' });
  });

  it('are not opened by what is under way, which may arrive after its end', () => {
    expect(incidentOf(begun).step).toBe('none');
  });

  it.each<[string, Envelope, Envelope]>([
    [
      'an alarm of Monasca',
      {
        event: 'alarm-transitioned',
        entityuuid: 'a',
        status: 'ALARM',
        details: { severity: 'LOW' },
      },
      { event: 'alarm-transitioned', entityuuid: 'a', status: 'OK', details: { severity: 'LOW' } },
    ],
    [
      'an alert of Prometheus',
      { event: 'HostDown', entityuuid: 'f', status: 'firing', details: { severity: 'critical' } },
      { event: 'HostDown', entityuuid: 'f', status: 'resolved', details: { severity: 'critical' } },
    ],
    [
      'an action of OpenStack',
      { event: 'compute.instance.create.error', entityuuid: 'i', status: 'Failed' },
      { event: 'compute.instance.create.end', entityuuid: 'i', status: 'Completed' },
    ],
  ])('of %s open and close under one key and severity', (_, opening, closing) => {
    const opened = incidentOf(eventOf('o', opening));
    expect(opened.step).toBe('open');
    expect(incidentOf(eventOf('c', closing))).toEqual({ ...opened, step: 'close' });
  });

  it('of different entities, actions and accounts are different', () => {
    const base = { event: 'VM.START', entityuuid: 'u', account: 'a', status: 'Failed' };
    const keys = [
      base,
      { ...base, event: 'VM.STOP' },
      { ...base, entityuuid: 'v' },
      { ...base, account: 'b' },
      { event: 'VM.START', status: 'Failed' },
      { event: 'VM.START', status: 'Failed' },
    ].map(envelope => incidentOf(eventOf('e', envelope)).key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[a-z0-9-]{1,128}$/);
  });
});

describe('pagerduty', () => {
  const options = { secretKey };

  it('triggers with the routing key, and resolves under the same dedup_key', () => {
    const trigger = said('pagerduty', failed, options);
    expect(trigger).toMatchObject({
      routing_key: secretKey,
      event_action: 'trigger',
      payload: {
        summary: `VM.START failed: ${failed.envelope.description}`,
        severity: 'error',
        source: `VirtualMachine ${failed.envelope.entityuuid}`,
        timestamp: '2024-07-10T08:05:07.000Z',
      },
    });
    const { dedup_key: key } = Object(trigger);
    expect(said('pagerduty', done, options)).toEqual({
      routing_key: secretKey,
      event_action: 'resolve',
      dedup_key: key,
    });
    expect(rendered('pagerduty', begun, options).skip).toBe('nothing failed, and nothing warns');
  });

  it('stays within PagerDuty’s limits', () => {
    expect(longest('pagerduty', 'summary')).toBeLessThanOrEqual(1_024);
    expect(longest('pagerduty', 'dedup_key')).toBeLessThanOrEqual(255);
    for (const event of sampleEvents) {
      expect(rendered('pagerduty', event, options).body.length).toBeLessThan(512 * 1_024);
    }
  });
});

describe('opsgenie', () => {
  const options = { secretKey };

  it('creates an alert, and closes it by its alias', () => {
    const { alias } = Object(said('opsgenie', failed, options));
    expect(said('opsgenie', failed, options)).toMatchObject({
      message: 'VM.START failed',
      priority: 'P2',
    });
    const closed = rendered('opsgenie', done, options);
    expect(closed.subPath).toBe(`${alias}/close?identifierType=alias`);
    expect(pairsOf(closed.headers)).toMatchObject({ Authorization: `GenieKey ${secretKey}` });
  });

  it('stays within Opsgenie’s limits, and shows no HTML', () => {
    expect(longest('opsgenie', 'message')).toBeLessThanOrEqual(130);
    expect(longest('opsgenie', 'alias')).toBeLessThanOrEqual(512);
    expect(longest('opsgenie', 'description')).toBeLessThanOrEqual(15_000);
    for (const event of hostile) {
      const alert = Object(said('opsgenie', event, options));
      expect(JSON.stringify(alert)).not.toMatch(/[<>]/);
      expect(JSON.stringify(alert.details).length).toBeLessThanOrEqual(8_000);
    }
  });
});

describe('alertmanager', () => {
  it('fires for a day unless it is ended before, by an alert of the same labels', () => {
    const [fired] = Object(said('alertmanager', failed, { body: { team: 'cloud' } }));
    expect(fired).toMatchObject({
      labels: { alertname: 'VM.START', severity: 'error', team: 'cloud' },
      annotations: { summary: 'VM.START failed', eventId: failed.id },
      startsAt: '2024-07-10T08:05:07.000Z',
      endsAt: '2024-07-11T08:05:07.000Z',
    });
    const [ended] = Object(said('alertmanager', done, { body: { team: 'cloud' } }));
    expect(ended.labels).toEqual(fired.labels);
    expect(ended).toMatchObject({ endsAt: '2024-07-10T08:05:07.000Z' });
    expect(ended).not.toHaveProperty('startsAt');
  });
});

const labels = (envelope: Envelope): unknown =>
  Object(said('alertmanager', eventOf('e', envelope)))[0].labels;

describe('an alert for Alertmanager', () => {
  const alarm = { event: 'alarm-transitioned', entity: 'Alarm', entityuuid: 'al-1', account: 'p' };
  const reboot = { entity: 'instance', entityuuid: 'i-1', account: 'p', source: 'nova' };

  it.each<[string, readonly Envelope[]]>([
    [
      'an alarm of Monasca without a severity, in each of its states',
      ['ALARM', 'UNDETERMINED', 'OK'].map(status => ({ ...alarm, status })),
    ],
    [
      'an alarm that grows worse',
      ['warning', 'critical', 'ok'].map(status => ({ ...alarm, status })),
    ],
    [
      'an alarm with a severity of its own',
      ['ALARM', 'OK'].map(status => ({ ...alarm, status, details: { severity: 'HIGH' } })),
    ],
    [
      'what a tenant began and an administrator ended',
      [
        {
          ...reboot,
          event: 'compute.instance.reboot.error',
          status: 'Failed',
          domain: 'd1',
          user: 'u1',
          project: 'p',
        },
        {
          ...reboot,
          event: 'compute.instance.reboot.end',
          status: 'Completed',
          source: 'compute',
          user: 'admin',
        },
      ],
    ],
    [
      'an action of CloudStack',
      [failed.envelope, { ...done.envelope, domain: 'd', source: 'other', user: 'u' }],
    ],
  ])('has the same labels whatever changes: %s', (_, envelopes) => {
    const [first, ...others] = envelopes.map(labels);
    for (const other of others) expect(other).toEqual(first);
  });

  it('tells what changes in its annotations', () => {
    const [alert] = Object(
      said(
        'alertmanager',
        eventOf('e', { ...alarm, status: 'UNDETERMINED', domain: 'd', source: 'monasca' }),
      ),
    );
    expect(alert).toMatchObject({
      labels: { severity: 'error' },
      annotations: { severity: 'warning', status: 'UNDETERMINED', domain: 'd', source: 'monasca' },
    });
  });

  it('is not sent of an alert that an Alertmanager told', () => {
    const told = {
      event: 'HostDown',
      entity: 'Alert',
      entityuuid: 'f',
      status: 'firing',
      source: 'alertmanager',
    };
    expect(rendered('alertmanager', eventOf('e', told)).skip).toBe(
      'it came from an Alertmanager, which knows it',
    );
    expect(rendered('pagerduty', eventOf('e', told), { secretKey }).skip).toBeUndefined();
  });
});

describe.each(['jenkins', 'ansible'])('%s', name => {
  it('gets the envelope with what conditions are written on', () => {
    expect(said(name, failed)).toEqual({
      id: failed.id,
      ...failed.envelope,
      verb: 'start',
      severity: 'error',
      failed: true,
    });
    const { signature } = rendered(name, failed);
    expect(signature).toEqual({
      header: 'X-Hub-Signature-256',
      encoding: 'hex',
      prefix: 'sha256=',
    });
  });
});

describe('tickets', () => {
  it('are made for what failed or warns, with the fields the webhook adds', () => {
    expect(said('servicenow', failed, { body: { assignment_group: 'g' } })).toMatchObject({
      short_description: 'VM.START failed',
      urgency: '2',
      assignment_group: 'g',
    });
    const body = { project: { key: 'OPS' }, issuetype: { name: 'Bug' } };
    expect(said('jira', failed, { body })).toMatchObject({
      fields: { summary: 'VM.START failed', labels: ['hookline', 'error'], ...body },
    });
    for (const name of ['servicenow', 'jira']) {
      for (const event of [begun, done]) expect(rendered(name, event).skip).toBeDefined();
    }
  });

  it('stay within their limits, and their markup ends where it began', () => {
    expect(longest('servicenow', 'short_description')).toBeLessThanOrEqual(160);
    expect(longest('jira', 'summary')).toBeLessThanOrEqual(255);
    for (const event of hostile) {
      const { fields } = Object(said('jira', event));
      expect(fields.description.match(/\{noformat\}/g)).toHaveLength(2);
    }
  });
});
