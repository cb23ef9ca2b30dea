import { parseArgs } from 'node:util';
import { engines, type Engine } from '../support/browser.ts';

export const usage = `Homeward's demo: a portal, two homeservers, Hydrogen, and a browser with the extension in it.

  npm start [-- OPTIONS]

  --browser NAME   chromium (default) or firefox
  --headless       play the whole scenario without a window, and judge it;
                   this is also what happens where there is no display
  --help           this text

CHROMIUM=/path/to/it or FIREFOX=/path/to/it names a browser; DEBUG=1 shows the whole of an error.`;

export interface Options {
  readonly browser: Engine;
  readonly headless: boolean;
  readonly help: boolean;
}

/** What the command line got wrong, in a sentence. */
export class UsageError extends Error {}

export function readOptions(args: string[]): Options {
  const { browser, headless, help } = parse(args);
  const engine = engines.find((each) => each === browser);
  if (!engine) throw new UsageError(`--browser is ${engines.join(' or ')}, not '${browser}'`);
  return { browser: engine, headless: headless || !hasDisplay(), help };
}

function parse(args: string[]): { browser: string; headless: boolean; help: boolean } {
  try {
    return parseArgs({
      args,
      options: {
        browser: { type: 'string', default: 'chromium' },
        headless: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}
