/**
 * Notices connections that have fallen silent: the server's machine lost its power or its network, or a firewall forgot the
 * connection, and nothing on it says so. TCP alone takes minutes for that, and a deadline for statements that is short enough
 * would cut off those that merely wait for a lock or a slow disk.
 *
 * A statement that has had no byte of its answer for `suspectMs` makes its connection a suspect. Another connection, opened
 * for the question, asks the server at that address what the suspect's session is doing. If that server does not know the
 * session (it is the promoted standby), or knows it as idle (statement or answer were lost), or no server can be reached, the
 * suspect is closed, and its statement fails like one whose connection broke. If the session is at work, all is well. Sessions
 * that the server does not know are closed at once, whether they wait for an answer or not.
 *
 * Behind a pooler a session cannot be asked for: there is only the hard limit, `silenceMs`.
 *
 * Source: PostgreSQL, `pg_stat_activity`; pg 8, `Client` ("drain": no statement is waiting or running).
 */
import type { Socket } from 'node:net';

import { Client, type ClientBase } from 'pg';
import { trustGiven } from './trust.ts';

/** Time without a byte after which a waiting statement's connection is a suspect. */
export const suspectMs = 4_000;

/** How long an answer may be on its way when the server has finished. */
const lastBytesMs = 500;

/** Maximum time to ask for the sessions. With `suspectMs` it stays below ten seconds. */
const askMsMax = 4_000;

export interface SilenceWatch {
  /**
   * Watches a connection from its beginning to its end.
   *
   * @param socket the connection's own, below TLS.
   */
  add(client: Client, socket: Socket): void;
  /** Learns the session of a connection that is there, so that it can be asked for. */
  identify(client: ClientBase): Promise<void>;
}

interface Member {
  readonly socket: Socket;
  /** Its process on the server and when that began; undefined while unknown, and behind a pooler. */
  session: string | undefined;
  /** When its oldest unanswered statement was sent, in milliseconds of `performance.now`. */
  askedAtMs: number | undefined;
  /** The server has finished with the statement, or never saw it; last bytes may be on their way. */
  isDoomed: boolean;
}

/** What each session does, such as `active` or `idle`. */
type Sessions = ReadonlyMap<string, string>;

/** @param silenceMs after which a statement's connection is closed whatever the server says; Infinity for no limit. */
export function createSilenceWatch(url: string, silenceMs: number): SilenceWatch {
  const members = new Map<ClientBase, Member>();
  let asking: Promise<Sessions | 'unknown'> | undefined;

  /** Suspects that come up while a question is on its way share its answer. */
  function ask(): Promise<Sessions | 'unknown'> {
    asking ??= askOnce().finally(() => (asking = undefined));
    return asking;
  }

  async function askOnce(): Promise<Sessions | 'unknown'> {
    const known = [...members.values()].filter(({ session }) => session !== undefined);
    try {
      const sessions = await listSessions(url);
      for (const { session, socket } of known) {
        if (session !== undefined && !sessions.has(session)) socket.destroy(gone());
      }
      return sessions;
    } catch (error) {
      // A server that answers with an error is there, but does not tell; without a server nobody answers the statement.
      return error instanceof Error && 'severity' in error ? 'unknown' : new Map();
    }
  }

  async function suspect(member: Member): Promise<void> {
    const { askedAtMs, socket, session } = member;
    if (askedAtMs === undefined || socket.destroyed) return;
    const silentMs = performance.now() - askedAtMs;
    if (member.isDoomed || silentMs >= silenceMs) return void socket.destroy(silent(silentMs));
    if (session !== undefined) {
      const sessions = await ask();
      if (member.askedAtMs !== askedAtMs || socket.destroyed) return;
      member.isDoomed = sessions !== 'unknown' && sessions.get(session) !== 'active';
    }
    socket.setTimeout(member.isDoomed ? lastBytesMs : Math.min(suspectMs, silenceMs));
  }

  return {
    add(client, socket) {
      const member: Member = { socket, session: undefined, askedAtMs: undefined, isDoomed: false };
      members.set(client, member);
      socket.once('close', () => members.delete(client));
      // Node starts the time anew with each byte in either direction, also when TLS has taken the connection over.
      socket.setTimeout(Math.min(suspectMs, silenceMs));
      socket.on('timeout', () => void suspect(member));
      client.on('drain', () => {
        member.askedAtMs = undefined;
        if (member.isDoomed) socket.setTimeout(Math.min(suspectMs, silenceMs));
        member.isDoomed = false;
      });
      watchStatements(client, () => {
        member.askedAtMs ??= performance.now();
      });
    },
    async identify(client) {
      const member = members.get(client);
      const pid = 'processID' in client ? client.processID : undefined;
      const { rows } = await client.query<{ pid: number; session: string }>(
        `select pid, ${sessionName} as session from pg_stat_activity where pid = pg_backend_pid()`,
      );
      // A pooler gives out numbers of its own, and lends the connection to others.
      if (member && rows[0]?.pid === pid) member.session = rows[0]?.session;
    },
  };
}

/** Calls `onAsk` before each statement. */
function watchStatements(client: Client, onAsk: () => void): void {
  const methods: Pick<Client, 'query'> = Object.getPrototypeOf(client);
  client.query = new Proxy(client.query.bind(client), {
    apply(_query, _self, args) {
      onAsk();
      // Looked up at each call, as a method is: somebody may be watching statements there.
      return Reflect.apply(methods.query, client, args);
    },
  });
}

/** Independent of the session's `DateStyle` and time zone. */
const sessionName = `pid || ' since ' || extract(epoch from backend_start)`;

async function listSessions(url: string): Promise<Sessions> {
  const client = trustGiven(
    new Client({
      connectionString: url,
      application_name: 'hookline check',
      connectionTimeoutMillis: askMsMax / 2,
      query_timeout: askMsMax / 2,
    }),
  );
  // The query's rejection says enough.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ session: string; state: string | null }>(
      `select ${sessionName} as session, state from pg_stat_activity where usename = session_user`,
    );
    return new Map(rows.map(({ session, state }) => [session, state ?? '']));
  } finally {
    // Without waiting: a server that has fallen silent meanwhile does not say good-bye.
    void client.end().catch(() => {});
  }
}

const silent = (ms: number): Error =>
  new Error(`PostgreSQL has not answered for ${(ms / 1_000).toFixed(1)} s`);

const gone = (): Error =>
  new Error(
    'PostgreSQL does not know the session any more: another server has taken its place, or it was restarted',
  );
