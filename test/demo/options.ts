import { parseArgs } from 'node:util';
import { engines, type Engine, type Form } from '../support/browser.ts';

export const usage = `Homeward's demo: a portal, two homeservers, Hydrogen, and a browser with Homeward in it.

  npm start [-- OPTIONS]

  --identity       instead: accounts that name an identity server, or none, or nonsense,
                   with a bare matrix-js-sdk (in a window that is yours: riot-web)
  --synapse        instead: real homeservers and identity servers (Synapse, Sydent);
                   always plays the whole scenario and judges it

  --form NAME      extension (default), or worker: the page worker, which is part of the client's site
  --browser NAME   chromium (default) or firefox
  --headless       play the whole scenario without a window, and judge it;
                   this is also what happens where there is no display
  --help           this text

CHROMIUM=/path/to/it or FIREFOX=/path/to/it names a browser; DEBUG=1 shows the whole of an error.`;

export type Part = 'portal' | 'identity' | 'synapse';

export interface Options {
  readonly part: Part;
  readonly form: Form;
  readonly browser: Engine;
  readonly headless: boolean;
  readonly help: boolean;
}

const forms: readonly Form[] = ['extension', 'worker'];

/** What the command line got wrong, in a sentence. */
export class UsageError extends Error {}

export function readOptions(args: string[]): Options {
  const { browser, form: given, headless, help, identity, synapse } = parse(args);
  const engine = engines.find((each) => each === browser);
  if (!engine) throw new UsageError(`--browser is ${engines.join(' or ')}, not '${browser}'`);
  const form = forms.find((each) => each === given);
  if (!form) throw new UsageError(`--form is ${forms.join(' or ')}, not '${given}'`);
  if (identity && synapse) throw new UsageError('--identity and --synapse are two demos: choose one');
  const part = identity ? 'identity' : synapse ? 'synapse' : 'portal';
  return { part, form, browser: engine, headless: headless || !hasDisplay(), help };
}

const flag = { type: 'boolean', default: false } as const;

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        browser: { type: 'string', default: 'chromium' },
        form: { type: 'string', default: 'extension' },
        headless: flag,
        identity: flag,
        synapse: flag,
        help: { ...flag, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}
