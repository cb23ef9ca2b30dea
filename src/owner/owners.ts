/** The states that Homeward owns. */
import { NO_ACCOUNTS, reduceIdentity, type IdentityEvent, type IdentityState } from '../core/account.ts';
import { EMPTY, reduce, type Event, type State } from '../core/session.ts';
import { createOwner, type Item, type Owner } from './owner.ts';
import { storedAccounts } from './stored-accounts.ts';
import { storedState } from './stored-state.ts';

export type SessionOwner = Owner<State, Event>;
export type AccountOwner = Owner<IdentityState, IdentityEvent>;

/**
 * A place under a key.
 *
 * @param parse reads what an older version or a broken disk left; may throw
 * @param initial what counts when there is nothing readable
 */
export type ItemAt = <T>(key: string, parse: (value: unknown) => T, initial: T) => Item<T>;

export function createSessionOwner(
  itemAt: ItemAt,
  onChange: (before: State, after: State) => void,
): SessionOwner {
  return createOwner(itemAt<State>('state', storedState, EMPTY), reduce, onChange);
}

export function createAccountOwner(
  itemAt: ItemAt,
  onChange: (before: IdentityState, after: IdentityState) => void,
): AccountOwner {
  return createOwner(itemAt('accounts', storedAccounts, NO_ACCOUNTS), reduceIdentity, onChange);
}
