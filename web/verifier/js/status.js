// The status of a credential, from the lists in the bundle.

import { Failure, Malformed, statusUnknown } from './outcome.js';
import { utf8 } from './bytes.js';
import { digestHex } from './sha256.js';
import { readToken } from './statuslist.js';
import { timeText } from './times.js';
import { checkWindow } from './trust.js';

/**
 * @typedef {import('./statuslist.js').Snapshot} Snapshot
 * @typedef {import('./credential.js').Entry} Entry
 * @typedef {import('./trust.js').Key} Key
 */

const valid = 0, invalid = 1, suspended = 2;
const hint = (/** @type {Entry|null} */ e) => e !== null && (e.purpose === 'refresh' || e.purpose === 'message');

/** What looks up the entries of one credential. */
export class Status {
  /**
   * @param {import('./trust.js').Trust} trust
   * @param {Key} key that signed the credential
   * @param {number} at
   * @param {(hash: string) => Promise<string|undefined>} shard gives a list that is not in the bundle itself
   */
  constructor(trust, key, at, shard) {
    this.trust = trust;
    this.key = key;
    this.at = at;
    this.shard = shard;
    /** @type {number|null} when the oldest list was made */
    this.asOf = null;
    this.refresh = false;
    /** @type {string[]} */
    this.messages = [];
  }

  /**
   * Checks each entry; the worst answer counts. Throws Failure.
   * @param {(Entry|null)[]} all
   * @param {boolean} none whether credentials of that type have no status
   * @returns {Promise<{result: string, code: string, values?: Object<string, string|number>}>}
   */
  async check(all, none) {
    for (const e of all) if (e !== null && hint(e)) await this.takeHint(e);
    const list = all.filter((e) => !hint(e));
    if (list.length === 0 && !none) throw statusUnknown('no_status_named');
    if (list.length === 0) return { result: 'not_checked', code: 'no_status' };
    let worst, good = { result: 'passed', code: '' };
    for (const e of list) {
      try {
        good = await this.entry(e);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (!worst || rank(error) > rank(worst)) worst = error;
      }
    }
    if (worst) throw worst;
    return good;
  }

  /**
   * Looks up what is only a hint; one that cannot be had changes nothing.
   * @param {Entry} e
   */
  async takeHint(e) {
    let value;
    try {
      value = (await this.list(e)).get(e.index);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    if (!value) return;
    if (e.purpose === 'refresh') this.refresh = true;
    else if (value < e.told.length) this.messages.push(e.told[value]);
  }

  /** @param {Entry|null} e */
  async entry(e) {
    if (e === null) throw statusUnknown('status_not_supported');
    const list = await this.list(e), value = list.get(e.index);
    if (this.asOf === null || list.made < this.asOf) this.asOf = list.made;
    if (value === undefined) throw statusUnknown('no_such_entry');
    return this.judge(list, meaning(e, value));
  }

  /**
   * Weighs what a list says against its age. What was withdrawn stays so, however old the list; that it was not, an
   * old list cannot say.
   * @param {Snapshot} list
   * @param {string} means
   */
  judge(list, means) {
    const values = { as_of: timeText(list.made), age: Math.max(0, Math.floor((this.at - list.made) / 1000)) };
    const { notAfter } = this.trust;
    if (means === 'withdrawn') throw new Failure('withdrawn', 'withdrawn', values);
    if (this.at >= list.ends || notAfter !== null && this.at >= notAfter) throw statusUnknown('list_too_old', values);
    if (means === 'suspended') throw new Failure('suspended', 'suspended', values);
    if (means !== 'genuine') throw statusUnknown('status_not_understood');
    return { result: 'passed', code: this.at > list.fresh ? 'not_withdrawn_then' : 'not_withdrawn', values };
  }

  /**
   * The list of an entry, if the credential's issuer signed it. What was worked out once is kept with the bundle.
   * @param {Entry} e
   * @returns {Promise<Snapshot>}
   */
  async list(e) {
    const id = JSON.stringify([e.uri, e.kind, e.purpose, e.width, this.key.issuer.id]), { lists } = this.trust;
    if (!lists.has(id)) lists.set(id, this.read(e).catch((error) => {
      lists.delete(id); // it may come later
      throw error;
    }));
    const { snapshot, signer } = await lists.get(id);
    try {
      checkWindow(signer, snapshot.made, this.at);
    } catch {
      throw statusUnknown('list_not_signed');
    }
    return snapshot;
  }

  /**
   * @param {Entry} e
   * @returns {Promise<{snapshot: Snapshot, signer: Key}>}
   */
  async read(e) {
    const token = await this.token(e.uri);
    let found;
    try {
      found = e.kind === 'token' ? await this.tokenList(token, e) : await (await import('./ldp.js')).readList(this.trust, token, e, this.key);
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof Failure)) throw error;
      if (error instanceof Failure && error.code === 'ed25519_missing') throw statusUnknown('ed25519_missing');
    }
    if (!found) throw statusUnknown('list_not_signed');
    return found;
  }

  /** @param {string} uri */
  async token(uri) {
    const entry = this.trust.status.get(uri);
    if (entry && entry.token !== '') return entry.token;
    const text = entry && entry.sha256 !== '' ? await this.shard(entry.sha256).catch(() => undefined) : undefined;
    if (entry === undefined || text === undefined) throw statusUnknown('no_list');
    if (await digestHex(utf8(text)) !== entry.sha256) throw statusUnknown('list_not_signed');
    return text;
  }

  /**
   * @param {string} token
   * @param {Entry} e
   */
  async tokenList(token, e) {
    const { kid, open } = readToken(token, e.uri);
    for (const signer of this.trust.listKeys(this.key, kid)) {
      const snapshot = await open(signer.public);
      if (snapshot) return { snapshot, signer };
      if (snapshot === null) return undefined;
    }
    return undefined;
  }
}

/** @param {Failure} f */
const rank = (f) => ['suspended', 'withdrawn'].indexOf(f.outcome);

/**
 * What a value says.
 * @param {Entry} e
 * @param {number} value
 */
function meaning(e, value) {
  if (value === valid) return 'genuine';
  if (value === invalid && e.purpose !== 'suspension') return 'withdrawn';
  if (value === suspended && e.purpose === '' || value === invalid && e.purpose === 'suspension') return 'suspended';
  return 'unknown';
}
