/** Keeps the directory in step with the cloud, and looks up the accounts of events that the index does not know. */
import type { Config } from '../config/config.ts';
import type { DirectoryConfig } from '../config/directory/directory.ts';
import { createAliases } from './aliases.ts';
import { createCloudstackClient } from './cloudstack/cloudstack-client.ts';
import { createCloudstackProvider } from './cloudstack/cloudstack.ts';
import { createKeystoneClient } from './keystone/keystone-client.ts';
import { createKeystoneProvider } from './keystone/keystone.ts';
import { createLookUps, type LookUps } from './look-up.ts';
import type { DirectoryProvider, FoundAccount } from './provider.ts';
import { runDirectorySync, type DirectorySyncOptions } from './sync.ts';
import { createMisses, createUnknownAccounts } from './unknown-accounts.ts';
import type { Envelope } from '../event/envelope.ts';
import type { Proven } from '../event/event.ts';
import type { Log } from '../event/log.ts';
import type { Message } from '../event/message.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { BatchReading } from '../record/ingest.ts';
import type { MatchSync } from '../match/match-sync.ts';
import type { SourceReading } from '../normalize/normalizers.ts';
import { createReader } from '../record/read.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { deleteDirectoryStatus, type DirectoryStatus } from '../store/directory/sync-state.ts';
import { addCloudAccount } from '../store/directory/account.ts';
import { isKnownDomain } from '../store/directory/domain.ts';

/** The directory's numbers for monitoring. */
export interface TenancyMetrics {
  /** Counts an event whose account is not in the directory. */
  unknownAccount(): void;
  /** Counts a look-up of an account in the cloud. */
  readonly accountAskedFor: (result: 'found' | 'unknown' | 'failed') => void;
  /** Notes that a directory is configured, so that its age is shown. */
  directory(): void;
  directorySynced(status: DirectorySynced): void;
}

export interface DirectorySynced {
  /** Age of the snapshot in use; null before the first sync. */
  readonly ageSeconds: number | null;
  readonly removalsHeld: number;
}

export interface TenancyOptions {
  readonly config: Config['directory'];
  readonly store: Store;
  readonly sync: MatchSync;
  readonly metrics: TenancyMetrics;
  readonly newId: () => string;
  /** Whether this process syncs the tables; false where another one does. */
  readonly syncs: boolean;
  /** Whether this process sends deliveries itself; false where another one does. */
  readonly dispatches: boolean;
  readonly log: Log;
}

export interface Tenancy {
  run(signal: AbortSignal): Promise<void>;
  /** Creates the reading of one batch. Its `count` counts the unknown accounts, once the batch is recorded. */
  readBatch(source: SourceReading): BatchReading;
}

export function openTenancy(options: TenancyOptions): Tenancy {
  const { config, store, metrics, newId, dispatches, log } = options;
  const provider = config && openProvider(config);
  const unknown = createUnknownAccounts({ store, log });
  const lookUps = config && provider && openLookUps(options, config, provider);
  const aliases = createAliases({ database: () => databaseOf(store), log });
  const complete = (envelope: Envelope, proven: Proven): Envelope =>
    options.sync.index.withDomain(envelope, proven);
  const hasUsers = config?.kind === 'keystone' && config.users;
  let hasSnapshot = false;
  if (provider) metrics.directory();

  const onStatus = (status: DirectoryStatus): void => {
    hasSnapshot = status.syncedAt !== null;
    metrics.directorySynced(status);
  };
  const runSync = async (signal: AbortSignal): Promise<void> => {
    await keepInStep(options, { provider, onStatus }, signal);
    lookUps?.close();
  };

  return {
    async run(signal) {
      await Promise.all([runSync(signal), unknown.run(signal)]);
    },
    readBatch(source) {
      const misses = createMisses();
      const match = (envelope: Envelope, body: string, proven: Proven): readonly Webhook[] => {
        const { index } = options.sync;
        const owner = index.ownerOf(envelope);
        if (!namesDomain(envelope, proven, index)) misses.see(envelope, owner);
        if (hasUsers && !index.knowsAccount(proven.provenUser ?? '')) misses.seeUser(proven);
        aliases.see(envelope, { owner, isKnown: id => index.knowsAccount(id) });
        return index.match(envelope, body, proven);
      };
      const read = createReader({ ...source, complete, match, newId, dispatches });
      return {
        read: (message: Message) => {
          misses.begin(message);
          return read(message);
        },
        learn: async signal => {
          if (!config || !lookUps || !hasSnapshot) return false;
          const missed = [...misses.unknown(), ...misses.users()];
          const wanted = missed.filter(one => lookUps.isWorthAsking(one.accountId));
          if (wanted.length === 0) return false;
          const limit = AbortSignal.timeout(config.lookUpWaitMs);
          await lookUps.ask(wanted, AbortSignal.any([signal, limit]));
          return true;
        },
        count() {
          for (const account of misses.unknown()) {
            metrics.unknownAccount();
            unknown.count(account);
          }
        },
      };
    },
  };
}

/** Whether what the event names as its account is a domain, as Keystone's do where it tells of a domain as a project. */
function namesDomain(
  { account }: Envelope,
  { provenDomain }: Proven,
  { knowsDomain }: MatchSync['index'],
): boolean {
  return account !== undefined && account === provenDomain && knowsDomain(account);
}

/** Syncs the directory until the signal aborts; where none is configured, what is left of one is deleted. */
async function keepInStep(
  { config, store, syncs, log }: TenancyOptions,
  { provider, onStatus }: Pick<DirectorySyncOptions, 'onStatus'> & { provider?: DirectoryProvider },
  signal: AbortSignal,
): Promise<void> {
  if (config && provider) {
    const { refreshMs } = config;
    await runDirectorySync({ store, provider, refreshMs, syncs, onStatus, log }, signal);
  } else if (syncs) {
    await deleteDirectoryStatus(databaseOf(store)).catch((error: unknown) =>
      log.debug({ err: error }, 'directory.state_kept'),
    );
  }
}

export function openProvider(config: DirectoryConfig): DirectoryProvider {
  if (config.kind === 'cloudstack') {
    return createCloudstackProvider(createCloudstackClient({ ...config, now: Date.now }));
  }
  return createKeystoneProvider({ client: createKeystoneClient(config), users: config.users });
}

function openLookUps(
  { store, sync, metrics, log }: TenancyOptions,
  { unknownMs }: DirectoryConfig,
  provider: DirectoryProvider,
): LookUps {
  const learn = async (found: FoundAccount): Promise<void> => {
    await addCloudAccount(store, found);
    await sync.catchUp();
  };
  return createLookUps({
    provider,
    learn,
    isKnownDomain: id => isKnownDomain(databaseOf(store), id),
    unknownMs,
    now: () => performance.now(),
    onResult: metrics.accountAskedFor,
    log,
  });
}
