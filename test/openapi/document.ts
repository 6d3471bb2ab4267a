/** The OpenAPI document as Hookline serves it, built without a database or a port. */
import { randomBytes } from 'node:crypto';

import { Registry } from 'prom-client';

import { createApi } from '../../src/api/api.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { Turns } from '../../src/event/turns.ts';
import { listFormats } from '../../src/format/formats.ts';
import { settingDefaults } from '../../src/setting/definition.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { version } from '../../src/version.ts';

const databaseUrl = 'postgres://127.0.0.1:9/none';

/** @returns the document, as `GET /v1/openapi.json` answers it. */
export async function buildDocument(): Promise<object> {
  const store = await openStore(databaseUrl);
  const secretKey = Buffer.alloc(32);
  const config = loadConfig({ cwd: '/', env: {} });
  const app = createApi({
    store,
    recordingStore: store,
    catchUp: unasked,
    hearsNotifications: unasked,
    readsMax: 1,
    secretKey,
    secretKeys: [secretKey],
    sources: unasked,
    intakes: unasked,
    ownIntake: 'api',
    metrics: new Registry(),
    formats: listFormats(),
    previews: new Turns({ max: 1, ownerMax: 1 }),
    testDelivery: unasked,
    validate: unasked,
    judgeUrl: unasked,
    redrive: unasked,
    self: { host: 'nowhere', dispatches: false },
    settingDefaults: settingDefaults(config.dispatch),
    timeoutMsMax: config.dispatch.timeoutMsMax,
    trustedProxies: [],
    connectionsMax: 1,
    console: { folder: '/nowhere', basePath: '/', frameAncestors: [] },
    log: { debug: unasked, info: unasked, warn: unasked, error: unasked },
    newId: unasked,
    now: Date.now,
    randomBytes,
    version,
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
    await store.close();
  }
}

function unasked(): never {
  throw new RangeError('a document answers no request');
}
