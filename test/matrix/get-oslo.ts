/** A requirements file for another version of oslo.messaging, with whatever pip finds to go with it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { getWhole } from './get-whole.ts';

/** @returns path of the file. The tests install what it asks for. */
export async function getOsloRequirements(version: string): Promise<string> {
  const file = 'requirements.txt';
  const folder = await getWhole(`oslo-${version}`, async draft => {
    await writeFile(join(draft, file), `oslo.messaging[kafka]==${version}\n`);
  });
  return join(folder, file);
}
