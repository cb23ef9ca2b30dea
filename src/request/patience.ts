/** Waiting. Times in milliseconds. */

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Resolves when the work is done, has failed, or takes too long. */
export function inTime(ms: number, work: Promise<unknown> | undefined): Promise<unknown> {
  return Promise.race([work?.catch(unheard), pause(ms)]);
}

/** The document goes on with what it knows when the background cannot be told or does not answer. */
export function unheard(): void {}
