/** Tries a format with the options of a webhook, such as a template, before they are saved. */
import { RenderError } from '../../event/errors.ts';
import type { FormatEvent, OptionFault } from '../../format/format.ts';
import { refuseOptions } from '../../format/formats.ts';
import { databaseOf } from '../../store/database.ts';
import { listRecentEvents } from '../../store/event/recent.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { ProblemError } from '../http/problem.ts';
import { optionsOf } from '../../webhook/choose-format.ts';
import type { FormatWishes } from '../../webhook/choose-format.ts';

/** Maximum number of recorded events that are tried beside the sample. */
const eventsMax = 3;

/**
 * To be called outside of a transaction: it may take a second.
 *
 * @throws {ProblemError} format_invalid, busy
 */
export async function checkFormat(
  { store, formats, previews }: ApiOptions,
  { principal, visibility, signal }: Caller,
  wishes: FormatWishes,
): Promise<void> {
  const format = formats.get(wishes.format);
  if (!format?.check) return;
  const options = optionsOf(format, wishes, false);
  if (refuseOptions(format, options) !== undefined) return;
  const { check } = format;
  const owner = principal.accountId ?? principal.username;
  const found = await previews.take(
    owner,
    async () => {
      const events = await listRecentEvents(databaseOf(store), visibility, { limit: eventsMax });
      return check(options, [sampleEvent, bareEvent, ...events], owner).catch(failed);
    },
    signal,
  );
  if (found) throw invalid(found);
}

function invalid({ option, fault, ...place }: OptionFault): ProblemError {
  const { line, column } = place;
  const where = line === undefined ? '' : `line ${line}, column ${column}: `;
  return new ProblemError('format_invalid', `${option}: ${where}${fault}`, [
    { path: `/${option}`, message: fault, ...place },
  ]);
}

function failed(error: unknown): never {
  if (!(error instanceof RenderError)) throw error;
  throw new ProblemError('busy', `The template could not be tried: ${error.message}.`);
}

/** An event as CloudStack publishes it. */
const sampleEvent: FormatEvent = {
  id: '01a1fb67-1801-7abc-8def-0123456789ab',
  envelope: {
    category: 'ActionEvent',
    event: 'VM.START',
    entity: 'VirtualMachine',
    entityuuid: 'b4e21db8-0fd2-4122-b604-5626bcfbd0ed',
    account: '7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7',
    user: 'd2c1fd6e-5d9a-4d41-8a3a-6a1d7ed14f0b',
    status: 'Completed',
    eventDateTime: '2024-07-10T08:05:07.000Z',
    description: 'Successfully completed starting Vm. Vm Id: 42',
    source: 'management-server',
  },
  body:
    '{"eventDateTime":"2024-07-10 08:05:07 +0000","entityuuid":"b4e21db8-0fd2-4122-b604-5626bcfbd0ed",' +
    '"description":"Successfully completed starting Vm. Vm Id: 42","event":"VM.START",' +
    '"account":"7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7","user":"d2c1fd6e-5d9a-4d41-8a3a-6a1d7ed14f0b",' +
    '"entity":"com.cloud.vm.VirtualMachine","status":"Completed"}',
};

/** An event that has no fact but its type: a template is to bear what a cloud leaves out. */
const bareEvent: FormatEvent = {
  id: '01a1fb67-1801-7abc-8def-0123456789ac',
  envelope: { event: 'backup.finished' },
  body: '{"id":"01a1fb67-1801-7abc-8def-0123456789ac","event":"backup.finished"}',
};
