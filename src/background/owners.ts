/** The states that the background owns. */
import { NO_ACCOUNTS, reduceIdentity, type IdentityEvent, type IdentityState } from '../core/account.ts';
import { EMPTY, reduce, type Event, type State } from '../core/session.ts';
import { storageItem } from '../webext/storage-item.ts';
import { createOwner, type Owner } from './owner.ts';
import { storedAccounts } from './stored-accounts.ts';
import { storedState } from './stored-state.ts';

export type SessionOwner = Owner<State, Event>;
export type AccountOwner = Owner<IdentityState, IdentityEvent>;

export function createSessionOwner(onChange: (before: State, after: State) => void): SessionOwner {
  return createOwner(storageItem<State>('state', storedState, EMPTY), reduce, onChange);
}

export function createAccountOwner(
  onChange: (before: IdentityState, after: IdentityState) => void,
): AccountOwner {
  return createOwner(storageItem('accounts', storedAccounts, NO_ACCOUNTS), reduceIdentity, onChange);
}
