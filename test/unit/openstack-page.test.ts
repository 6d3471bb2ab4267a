/**
 * The tables of docs/clouds/openstack.md, held against recordings of the services: each message is normalized, and what
 * its row of the table says is looked up in the message and compared. The row is the expectation, so it cannot be untrue.
 */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { compileExpression } from '../../src/expression/expression.ts';
import { Subject } from '../../src/match/subject.ts';
import { at } from '../../src/normalize/value/at.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { novaSamples } from '../fixtures/openstack-compute.ts';
import { readEvents } from '../fixtures/read-events.ts';

interface Recording {
  readonly service: string;
  readonly version: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly message: Readonly<Record<string, unknown>>;
}

interface Row {
  readonly name: string;
  readonly pattern: RegExp;
  readonly cells: readonly string[];
}

const page = readFileSync('docs/clouds/openstack.md', 'utf8');
const normalize = readEvents('openstack', { now: () => nowMs });
const recordings: readonly Recording[] = readFileSync('test/fixtures/openstack-2026.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line): Recording => JSON.parse(line));

/** Nova was not recorded; these are messages in the two forms that it writes. */
const novaMessages = Object.values(novaSamples)
  .filter(({ events }) => events.length > 0)
  .map(({ body }): Recording['message'] => {
    const outer: Recording['message'] = JSON.parse(body);
    const inner = outer['oslo.message'];
    return typeof inner === 'string' ? JSON.parse(inner) : outer;
  });

/** Texts of the sections by heading in lower case, which is the name of the service. */
const sections = new Map(
  page.split('\n## ').map(text => {
    const [heading = '', ...lines] = text.split('\n');
    return [heading.toLowerCase(), lines.join('\n')] as const;
  }),
);

const spans = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);

function rowsOf(section: string): readonly Row[] {
  const lines = section.split('\n').filter(line => line.startsWith('| `'));
  return lines.flatMap(line => {
    const [names = '', ...cells] = line.split('|').slice(1, -1);
    return spans(names).map(name => ({
      name,
      pattern: patternOf(name),
      cells: cells.map(cell => cell.trim()),
    }));
  });
}

/** `<kind>.*.end` as an expression; the word before the first star is the kind where none is marked. */
function patternOf(name: string): RegExp {
  const escaped = name.replaceAll('.', '\\.').replaceAll('*', '.*');
  const marked = escaped.includes('<kind>')
    ? escaped.replace('<kind>', '([^.]+)')
    : escaped.replace(/([\w :-]+)(\\\.\.\*)/, '($1)$2');
  return new RegExp(`^${marked}$`);
}

/** A message as the tables speak of it. */
class Told {
  readonly eventType: string;
  readonly #payload: unknown;
  readonly #context: unknown;
  readonly #kind: string;

  constructor(message: Recording['message'], kind: string) {
    this.eventType = String(message['event_type']);
    const wrapped = Object.entries(Object(message['payload'])).find(([key]) =>
      key.endsWith('_object.data'),
    );
    this.#payload = wrapped?.[1] ?? message['payload'];
    this.#context =
      message['_context'] ??
      Object.fromEntries(
        Object.entries(message).map(([key, value]) => [key.replace(/^_context_/, ''), value]),
      );
    this.#kind = kind;
  }

  named(path: string): string {
    return path.replaceAll('<kind>', this.#kind);
  }

  at(path: string): string | undefined {
    const [root, rest] = path.startsWith('context.')
      ? [this.#context, path.slice('context.'.length)]
      : [this.#payload, this.named(path)];
    const found = at(root, rest);
    return typeof found === 'string' && found !== '' ? found : undefined;
  }

  first(paths: readonly string[]): string | undefined {
    return paths.map(path => this.at(path)).find(found => found !== undefined);
  }

  get isPowerful(): boolean {
    const roles = at(this.#context, 'roles');
    const names = Array.isArray(roles) ? roles : [];
    return ['admin', 'service'].some(role => names.includes(role));
  }
}

/** The paths in a cell that have this word before them, and whose asker it is. */
function pathsIn(cell: string, role: string, told: Told): readonly string[] {
  const places = cell.matchAll(
    /(?:\b(user|domain|and) )?`([^`]+)`(?: of (a tenant|an admin\w+))?/g,
  );
  return [...places].flatMap(([, word = '', path = '', asker]) => {
    const isAskers = asker === undefined || (asker === 'a tenant') !== told.isPowerful;
    return word === role && isAskers ? [path] : [];
  });
}

function statusIn(cell: string, { eventType, outcome, priority }: Record<string, unknown>): string {
  if (priority === 'ERROR') return 'Failed';
  const phase = /\.(start|progress|error)$/.exec(String(eventType))?.[1];
  if (cell === 'by phase') return phase === undefined ? 'Completed' : (phaseStatuses[phase] ?? '');
  return cell === 'by outcome' ? (outcomeStatuses[String(outcome)] ?? '') : cell;
}
const phaseStatuses: Record<string, string> = {
  start: 'Started',
  progress: 'Started',
  error: 'Failed',
};
const outcomeStatuses: Record<string, string> = {
  success: 'Completed',
  failure: 'Failed',
  pending: 'Started',
};

/** What the row says that the events are. */
function saidBy(row: Row, message: Recording['message']) {
  const [whom = '', domain = '', user = '', entity = '', status = ''] = row.cells;
  const eventType = String(message['event_type']);
  if (whom === 'not told') return [];
  const told = new Told(message, row.pattern.exec(eventType)?.[1] ?? '');
  const [kind = '', ...ids] = spans(entity);
  const projects = [
    told.first(pathsIn(whom, '', told)),
    ...pathsIn(whom, 'and', told)
      .map(path => told.at(path))
      .filter(project => project !== undefined),
  ];
  return projects.map((account, index) => ({
    account,
    project: account,
    provenUser: told.first(pathsIn(whom, 'user', told)),
    provenDomain: told.first(pathsIn(whom, 'domain', told)),
    domain: domainIn(domain, { account, told }),
    user: told.first(spans(user)),
    entity: told.named(kind),
    entityuuid: told.first(ids),
    status: statusIn(status, {
      eventType,
      outcome: at(message['payload'], 'outcome'),
      priority: message['priority'],
    }),
    key: index === 0 ? message['message_id'] : `${String(message['message_id'])}/lessee`,
  }));
}

function domainIn(cell: string, { account, told }: { account?: string; told: Told }) {
  const isAskers = account !== undefined && account === told.at('context.project_id');
  return told.first(spans(cell).filter(path => isAskers || !path.startsWith('context.')));
}

function madeOf(message: Recording['message']) {
  const body = JSON.stringify({
    'oslo.version': '2.0',
    'oslo.message': JSON.stringify(message),
  });
  return normalize(messageFrom({ body })).map(({ envelope, key, provenUser, provenDomain }) => {
    const { account, project, domain, user, entity, entityuuid, status } = envelope;
    const facts = { account, project, domain, user, entity, entityuuid, status };
    return { ...facts, key, provenUser, provenDomain };
  });
}

/** @throws {RangeError} when the page says nothing of such messages. */
function rowOf(service: string, message: Recording['message']): Row {
  const eventType = String(message['event_type']);
  const row = rowsOf(sections.get(service) ?? '').find(({ pattern }) => pattern.test(eventType));
  if (row === undefined) throw new RangeError(`no row for ${service}'s ${eventType}`);
  return row;
}

describe('docs/clouds/openstack.md', () => {
  it.each(recordings)(
    'says what $service’s $message.event_type becomes',
    ({ service, message }) => {
      expect(madeOf(message)).toEqual(saidBy(rowOf(service, message), message));
    },
  );

  it.each(novaMessages)('says what Nova’s $event_type becomes', message => {
    expect(madeOf(message)).toEqual(saidBy(rowOf('nova', message), message));
  });

  it('has all recordings, and no row that none of them holds but those that it says', () => {
    expect(recordings).toHaveLength(164);
    const held = new Set(
      recordings.map(({ service, message }) => `${service} ${rowOf(service, message).name}`),
    );
    const services = new Set(recordings.map(({ service }) => service));
    const rows = [...services].flatMap(service =>
      rowsOf(sections.get(service) ?? '').map(({ name }) => `${service} ${name}`),
    );
    const unheld = rows.filter(row => !held.has(row));
    expect(unheld).toEqual(['keystone identity.access_rule.*', 'glance task.failure']);
  });

  it.each([...new Set(recordings.map(({ service }) => service))])(
    'has the version, the exchange and the binding of %s',
    service => {
      const section = sections.get(service) ?? '';
      const [, version, exchange, binding = ''] =
        /^Version (\S+)\. Exchange `(\w+)`, binding `(\w+)\.\*`/m.exec(section) ?? [];
      const own = recordings.filter(recording => recording.service === service);
      for (const recording of own) {
        expect([recording.version, recording.exchange]).toEqual([version, exchange]);
        expect(recording.routingKey).toMatch(new RegExp(`^${binding}\\.(?:info|error)$`));
      }
    },
  );

  it('has a filter that leaves one of the two events of a machine', () => {
    const [, expression = ''] = /`Expression:([^`]+)`/.exec(page) ?? [];
    const compiled = compileExpression(expression);
    const body = JSON.stringify(recordings.find(({ service }) => service === 'ironic')?.message);
    const passed = normalize(messageFrom({ body })).map(({ envelope }) => {
      const subject = new Subject(envelope, body);
      return 'fault' in compiled || compiled.holds(name => subject.fact(name));
    });
    expect(passed).toEqual([true, false]);
  });

  it('has words for who wrote each fact that decides whom an event reaches', () => {
    const rows = [...sections.values()].flatMap(rowsOf);
    const silent = rows.filter(
      ({ cells: [whom = '', , , , , word = ''] }) =>
        word === '' || (word === '–') !== (whom === '–'),
    );
    expect(silent.map(({ name }) => name)).toEqual(['dns.domain.*']);
  });
});

it('docs/clouds.md binds the exchanges of all these services', () => {
  const clouds = readFileSync('docs/clouds.md', 'utf8');
  const [, exchanges = ''] = /exchange: \[(nova,[^\]]+)\]/.exec(clouds) ?? [];
  const [, bindings = ''] = /exchange: \[nova,[^\n]+\n\s+bindings: \[([^\]]+)\]/.exec(clouds) ?? [];
  for (const { exchange, routingKey } of recordings) {
    expect(exchanges.split(', ')).toContain(exchange);
    expect(bindings.split(', ')).toContain(`'${routingKey.replace(/\w+$/, '*')}'`);
  }
});
