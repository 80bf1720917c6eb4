import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executable = places.find((path) => existsSync(path));

export const haveBrowser = executable !== undefined;
/** Appended to the name of a test that is skipped without a browser. */
export const browserNote = haveBrowser
  ? ''
  : ' (skipped: no Chromium; install it, or set CHROMIUM to its path)';

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-gpu'] });
