/** Answers that a test keeps back until it lets them go: whatever is to happen meanwhile has the time that it takes. */
import type { Faults } from '../support/front.ts';

export interface Gate {
  open(): void;
}

/** Requests that match, their preflights not, wait until it is opened; then they are answered as ever. */
export function hold(
  { faults }: { readonly faults: Faults },
  isHeld: (path: string, method: string) => boolean,
): Gate {
  let open = (): void => undefined;
  const opened = new Promise<false>((resolve) => {
    open = () => resolve(false);
  });
  faults.intercept = ({ method = '' }, _response, path) => (isHeld(path, method) ? opened : false);
  return {
    open() {
      faults.intercept = null;
      open();
    },
  };
}
