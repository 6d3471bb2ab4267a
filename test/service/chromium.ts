/** A real browser without a window: the machine's Chromium or Chrome, or Debian's package of it. */
import { chromium, type Browser } from 'playwright-core';

import { installFromDebian, which } from './debian-package.ts';

const variable = 'HOOKLINE_TEST_CHROMIUM';
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** @throws Error saying what to install. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findChromium(),
    timeout: 120_000,
    // Root, as whom containers and CI often run, cannot have Chromium's sandbox; only our own pages are opened.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-prefers-reduced-motion'],
  });
}

async function findChromium(): Promise<string> {
  const given = process.env[variable];
  if (given !== undefined) return given;
  const installed = await look();
  if (installed !== undefined) return installed;
  const reason = await installFromDebian('chromium', []);
  const found = await look();
  if (found !== undefined) return found;
  throw new Error(
    `There is no browser for the tests. Set ${variable} to the program of a Chromium or Chrome, or install one ` +
      `(Debian: apt-get install chromium; macOS: brew install --cask chromium). ${reason}`,
  );
}

async function look(): Promise<string | undefined> {
  for (const name of names) {
    const path = await which(name);
    if (path !== undefined) return path;
  }
  return undefined;
}
