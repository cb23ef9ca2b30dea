import { MatrixError, randomName } from './homeserver-store.ts';
import type { Device, Store, User } from './homeserver-store.ts';

export interface Session {
  token: string;
  refresh: string | null;
  user: User;
  device: Device;
  /** the session before a refresh; it lives until this one is used */
  before: Session | null;
}

function unknownToken(soft: boolean): MatrixError {
  const extra = soft ? { soft_logout: true } : {};
  return new MatrixError(401, 'M_UNKNOWN_TOKEN', 'Unrecognised access token', extra);
}

/** Access and refresh tokens of one homeserver. */
export class Sessions {
  /** every access token ever given out */
  readonly issued: string[] = [];
  private readonly live = new Map<string, Session>();
  private readonly refreshable = new Map<string, Session>();
  private readonly soft = new Set<string>();
  private readonly name: string;
  private readonly store: Store;

  constructor(name: string, store: Store) {
    this.name = name;
    this.store = store;
  }

  /** A new session. The device's old token dies, as the specification says. */
  open(user: User, deviceId: string | null, displayName: string | null, withRefresh: boolean): Session {
    const id = deviceId ?? randomName(8).toUpperCase();
    for (const old of this.of(user)) if (old.device.id === id) this.end(old);
    const known = user.devices.get(id);
    const device = known ?? { id, displayName, keys: null, oneTimeKeys: new Map(), inbox: [] };
    user.devices.set(id, device);
    return this.add(user, device, withRefresh, null);
  }

  private add(user: User, device: Device, withRefresh: boolean, before: Session | null): Session {
    const token = `syt_${this.name}_${randomName()}`;
    const refresh = withRefresh ? `syr_${this.name}_${randomName()}` : null;
    const session = { token, refresh, user, device, before };
    this.issued.push(token);
    this.live.set(token, session);
    if (refresh !== null) this.refreshable.set(refresh, session);
    return session;
  }

  of(user: User): Session[] {
    const sessions = new Set([...this.live.values(), ...this.refreshable.values()]);
    return [...sessions].filter((session) => session.user === user);
  }

  /** Who asks; the first use of a refreshed token ends the one before. */
  require(token: string | null): Session {
    if (token === null) throw new MatrixError(401, 'M_MISSING_TOKEN', 'Missing access token');
    const session = this.live.get(token);
    if (!session) throw unknownToken(this.soft.has(token));
    this.used(session);
    return session;
  }

  refresh(refreshToken: string): Session {
    const session = this.refreshable.get(refreshToken);
    if (!session) throw new MatrixError(401, 'M_UNKNOWN_TOKEN', 'invalid refresh token');
    this.used(session);
    return this.add(session.user, session.device, true, session);
  }

  private used(session: Session): void {
    if (session.before) this.end(session.before);
    session.before = null;
  }

  /** Ends a session for good. A waiting sync is left waiting, as on Synapse: who logs out aborts it. */
  end(session: Session): void {
    this.live.delete(session.token);
    if (session.refresh !== null) this.refreshable.delete(session.refresh);
  }

  endDevice(user: User, deviceId: string): void {
    for (const session of this.of(user)) if (session.device.id === deviceId) this.end(session);
    user.devices.delete(deviceId);
  }

  /** At once, for a waiting sync too. A hard one ends all, a soft one leaves the refresh token good. */
  revoke(token: string, soft: boolean): void {
    const session = this.live.get(token);
    if (!session) return;
    if (soft) this.soft.add(token);
    if (soft) this.live.delete(token);
    else this.endDevice(session.user, session.device.id);
    this.store.wake();
  }
}
