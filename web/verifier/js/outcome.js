// The answers, as package issuer/verify of the registry names them.

/**
 * @typedef {{name: string, result: string, detail: string, values?: Object<string, string|number>}} Check
 * One line of what was checked: detail is a code (see README.md), values what its words need.
 */

/**
 * @typedef {Object} Result
 * The whole answer. Times are texts of RFC 3339. Times and claims are there only if the signature is good.
 * @property {string} outcome one of outcomes
 * @property {string} reason code of the check that decided, or "genuine"
 * @property {string} [format]
 * @property {string} [type]
 * @property {string} [issuer] as the credential names it
 * @property {Object<string, string>} [issuer_names] per language, from the bundle
 * @property {string} [valid_from]
 * @property {string} [valid_until]
 * @property {string} [status_as_of] when the status list was made
 * @property {boolean} [refresh] a hint: the issuer has, or will make, a newer one
 * @property {string[]} [messages] a hint: what the issuer says of its status
 * @property {Check[]} checks
 * @property {Object<string, any>} [claims] about the person only
 */

/** Every outcome. Only genuine is a yes. */
export const outcomes = Object.freeze(['genuine', 'genuine_status_unknown', 'expired', 'not_yet_valid', 'withdrawn', 'suspended',
  'altered', 'unknown_issuer', 'key_retired', 'unsupported_format', 'unreadable_code', 'incomplete_code']);

/** The names of the checks, in their order. */
export const checkNames = Object.freeze(['read', 'issuer', 'signature', 'key', 'dates', 'status', 'holder']);

/** Why a check failed, and the outcome that it leads to. */
export class Failure extends Error {
  /**
   * @param {string} outcome
   * @param {string} code
   * @param {Object<string, string|number>} [values] what the words of the code need
   */
  constructor(outcome, code, values) {
    super(code);
    this.outcome = outcome;
    this.code = code;
    this.values = values;
  }
}

/** Something is not of the form that it must be; the caller knows what that means. */
export class Malformed extends Error {}

/** Its end is missing. */
export class Incomplete extends Malformed {}

/** @param {string} code */
export const altered = (code) => new Failure('altered', code);
/** @param {string} code */
export const unsupported = (code) => new Failure('unsupported_format', code);
/** @param {string} code */
export const unreadable = (code) => new Failure('unreadable_code', code);
/**
 * @param {string} code
 * @param {Object<string, string|number>} [values]
 */
export const statusUnknown = (code, values) => new Failure('genuine_status_unknown', code, values);
