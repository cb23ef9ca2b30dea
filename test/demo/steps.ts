/** What a play is made of: named steps, of which the terminal tells as they are done. */

export type Log = (line: string) => void;
/** What the action answers, if it is text, is told with the name. */
export type Step = readonly [name: string, action: () => unknown];

/** Gives the error of the step that failed, for there is an account to give of the others. */
export async function takeAll(steps: readonly Step[], log: Log): Promise<Error | null> {
  try {
    for (const step of steps) await take(step, log);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

export async function take([name, action]: Step, log: Log): Promise<void> {
  const start = performance.now();
  const told = await action();
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
  log(`  ${seconds} s  ${name}${typeof told === 'string' ? `: ${told}` : ''}`);
}
