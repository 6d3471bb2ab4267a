/** Vitest's set-up of the tests in a browser: they are shown the console as its files are now. */
import { buildIfOld } from '../../console/script/build-if-old.ts';

export async function setup(): Promise<void> {
  await buildIfOld();
}
