/**
 * Kills Hookline again and again while events keep coming, and says what became of them.
 *
 * A kill comes after a random number of accepted deliveries, or a random time after the start of the process. In one
 * life PostgreSQL dies and comes back, in another the broker restarts; that process must go on by itself. In a third,
 * PostgreSQL dies and the process with it, while events keep coming.
 *
 * What a process has had accepted when it is killed, and has not written down yet, is sent again: the requests in
 * flight, and the outcomes of one flush and of those that wait for it. That is counted after each kill, by comparing the
 * receiver with the database; the sum is the bound for the duplicates.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { CloudMessage } from '../demo/cloudstack-message.ts';
import { createDice, type Dice } from '../demo/dice.ts';
import type { Postgres } from '../service/postgres.ts';
import { type Counter, startCounter } from './counter.ts';
import { type CrashReport, countInFlight, countOwed, reportOn } from './crash-report.ts';
import { eventNumber, listeners, moveIn } from './crash-tenants.ts';
import { count, untilAlone } from './database.ts';
import { type Environment, type HooklineProcess, spawnHookline } from './hookline.ts';

export interface CrashBus {
  readonly environment: Environment;
  /** Resolves when the broker has all of them, each once. */
  publish(messages: readonly CloudMessage[]): Promise<void>;
  restart(): Promise<void>;
  /** Messages that are not settled, while nobody consumes. */
  countUnsettled(): Promise<number>;
}

export interface CrashOptions {
  readonly bus: CrashBus;
  readonly postgres: Postgres;
  /** The same one makes the same choices; when exactly a kill comes also depends on the machine. */
  readonly seed: number;
  readonly events: number;
  readonly kills: number;
}

export interface Aftermath extends CrashReport {
  readonly kills: number;
  /** Sum of what was in flight at the kills. */
  readonly bound: number;
  /** The most that was in flight at one. */
  readonly inFlightMax: number;
  /** How the last process ended, which was asked to. */
  readonly lastExit: string;
  /** On the bus, after all. */
  readonly unsettled: number;
  /** Number of deliveries that the last process made, the backlog of the kills among them, and the time from its start. */
  readonly left: number;
  readonly leftSeconds: number;
  readonly seconds: number;
}

/** Deliveries in the memory of one process: waiting, in flight and not written down yet. */
export const windowMax = 500;

const environment: Environment = {
  HOOKLINE_LEASE_TTL_MS: '2000',
  HOOKLINE_DISPATCH_CONCURRENCY: '32',
  HOOKLINE_DISPATCH_WINDOW_MAX: String(windowMax),
  HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '200',
  HOOKLINE_RECORD_BATCH_MAX: '100',
};
/** How much more is on the bus when a service goes away. */
const troubleWeight = 3;
/** Beyond the one share of every life: three troubles, and one more share amid each. */
const troubleShares = 3 * troubleWeight;
/** Long enough for a start, the take-over of what the one before left, and the first batches. */
const startMsMax = 2_500;
/** Any broker hands over what it has within this time. */
const fetchMsMin = 250;
const portion = 20;

export async function crashAgainAndAgain(options: CrashOptions): Promise<Aftermath> {
  const startedAt = performance.now();
  await using counter = await startCounter({
    secretOf: path => listeners.find(listener => listener.path === path)?.secret ?? '',
    // One of sixteen is tried again later, by whichever process then lives.
    failsFirst: (_, id) => id.endsWith('0'),
  });
  const run = new CrashRun(options, counter);
  await run.prepare();
  for (let life = 0; life < options.kills; life += 1) await run.liveAndDie(life);
  const aftermath = await run.liveToTheEnd();
  return { ...aftermath, seconds: (performance.now() - startedAt) / 1_000 };
}

export function describeAftermath(bus: string, aftermath: Aftermath): string {
  const { published, kills, lost, recordedTwice, duplicates, bound, seconds } = aftermath;
  const { left, leftSeconds } = aftermath;
  return `crash ${bus}: published ${published}, kills ${kills}, lost ${lost}, recorded twice ${recordedTwice}, duplicates ${duplicates} (bound ${bound}), last ${left} delivered in ${leftSeconds.toFixed(1)} s, seconds ${seconds.toFixed()}\n`;
}

class CrashRun {
  readonly #options: CrashOptions;
  readonly #counter: Counter;
  readonly #dice: Dice;
  readonly #environment: Environment;
  readonly #published: CloudMessage[] = [];
  /** Events for an ordinary life. */
  readonly #share: number;
  /** What happens around the process in which life, once it consumes. */
  readonly #troubles: Readonly<Record<number, (hookline: HooklineProcess) => Promise<void>>>;
  #isDatabaseDown = false;
  #bound = 0;
  #inFlightMax = 0;

  constructor(options: CrashOptions, counter: Counter) {
    const { bus, postgres, seed, events, kills } = options;
    this.#options = options;
    this.#counter = counter;
    this.#dice = createDice(seed);
    const databaseUrl = { HOOKLINE_DATABASE_URL: postgres.url() };
    this.#environment = { ...environment, ...bus.environment, ...databaseUrl };
    this.#share = Math.floor(events / (kills + troubleShares));
    this.#troubles = {
      [Math.floor(kills / 4)]: hookline => this.#databaseRestarts(hookline),
      [Math.floor(kills / 2)]: () => this.#databaseDies(),
      [Math.floor((kills * 3) / 4)]: hookline => this.#brokerRestarts(hookline),
    };
  }

  async prepare(): Promise<void> {
    await using hookline = spawnHookline(this.#environment);
    await hookline.untilReady();
    await moveIn(hookline, this.#counter.url);
  }

  async liveAndDie(life: number): Promise<void> {
    const trouble = this.#troubles[life];
    const share = this.#share * (trouble ? troubleWeight : 1);
    const early = trouble ? share : this.#dice.roll(share);
    await this.#publish(early);
    await using hookline = spawnHookline(this.#environment);
    const publishing = this.#publishSlowly(share - early);
    if (trouble) {
      // The first deliveries may be what the process before has left; trouble is to meet the intake, too.
      await hookline.untilReady();
      await trouble(hookline);
    } else if (this.#dice.roll(4) === 0) {
      await wait(this.#dice.roll(startMsMax));
    } else {
      await this.#untilAccepted(hookline, 1 + this.#dice.roll(share));
    }
    await hookline.kill();
    await publishing;
    if (this.#isDatabaseDown) await this.#startDatabase();
    await this.#countInFlight(life);
  }

  async liveToTheEnd(): Promise<Omit<Aftermath, 'seconds'>> {
    const { events, kills, bus, postgres } = this.#options;
    const url = postgres.url();
    const startedAt = performance.now();
    const before = this.#counter.accepted.size;
    await using hookline = spawnHookline(this.#environment);
    await this.#publishSlowly(events - this.#published.length);
    await this.#untilAllAccepted(hookline);
    const left = this.#counter.accepted.size - before;
    const leftSeconds = (performance.now() - startedAt) / 1_000;
    await hookline.until('every delivery to be written down', async () => {
      return (await count(url, `delivery where state in ('pending', 'delivering')`)) === 0;
    });
    hookline.signal('SIGTERM');
    const lastExit = await hookline.exited;
    return {
      ...(await reportOn(this.#published, this.#counter, url)),
      kills,
      bound: this.#bound,
      inFlightMax: this.#inFlightMax,
      lastExit,
      unsettled: await bus.countUnsettled(),
      left,
      leftSeconds,
    };
  }

  async #databaseRestarts(hookline: HooklineProcess): Promise<void> {
    await this.#options.postgres.kill();
    await this.#publishSlowly(this.#share);
    await this.#startDatabase();
    await this.#untilAllAccepted(hookline);
  }

  /** What the process has taken from the bus meanwhile is recorded nowhere. */
  async #databaseDies(): Promise<void> {
    await this.#options.postgres.kill();
    this.#isDatabaseDown = true;
    await this.#publishSlowly(this.#share);
    await wait(fetchMsMin + this.#dice.roll(startMsMax));
  }

  async #brokerRestarts(hookline: HooklineProcess): Promise<void> {
    await this.#options.bus.restart();
    await this.#publishSlowly(this.#share);
    await this.#untilAllAccepted(hookline);
  }

  async #startDatabase(): Promise<void> {
    await this.#options.postgres.start();
    this.#isDatabaseDown = false;
  }

  async #publish(size: number): Promise<void> {
    const first = this.#published.length;
    const messages = Array.from({ length: size }, (_, index) =>
      eventNumber(first + index, this.#dice),
    );
    await this.#options.bus.publish(messages);
    this.#published.push(...messages);
  }

  /** In small portions, so that most of it comes while the process lives. */
  async #publishSlowly(size: number): Promise<void> {
    for (let left = size; left > 0; left -= portion) await this.#publish(Math.min(left, portion));
  }

  async #untilAccepted(hookline: HooklineProcess, more: number): Promise<void> {
    const wanted = this.#counter.accepted.size + more;
    const what = `${more} more deliveries, ${wanted} in all`;
    await hookline.until(what, () => this.#counter.accepted.size >= wanted, 60_000);
  }

  async #untilAllAccepted(hookline: HooklineProcess): Promise<void> {
    const missing = countOwed(this.#published) - this.#counter.accepted.size;
    await this.#untilAccepted(hookline, missing);
  }

  async #countInFlight(life: number): Promise<void> {
    const url = this.#options.postgres.url();
    await untilAlone(url);
    await this.#counter.endLife();
    const inFlight = await countInFlight(this.#counter, life, url);
    this.#bound += inFlight;
    this.#inFlightMax = Math.max(this.#inFlightMax, inFlight);
  }
}
