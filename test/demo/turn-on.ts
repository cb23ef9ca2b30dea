import type { TestBrowser } from '../support/browser.ts';
import type { Site } from '../support/static-site.ts';
import { take, type Log } from './steps.ts';

/** What a person does once before all else; where the site has the page worker, nothing. */
export async function turnOn(browser: TestBrowser, { homeward, origin }: Site, log: Log): Promise<void> {
  if (homeward) return;
  await take(['turn the extension on for the site', () => browser.turnOn(origin)], log);
}
