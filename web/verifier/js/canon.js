// RDFC-1.0 with SHA-256, at bounded work: telling blank nodes apart grows with the factorial of a hostile graph
// (RDFC-1.0 §7.1 asks for such a limit). A unit of work is one statement hashed or one label copied.

import { TooComplex } from './members.js';
import { line } from './quads.js';
import { sha256hex } from './sha256.js';

/** @typedef {import('./quads.js').Quad} Quad */

const maxQuads = 5_000, maxBlanks = 500, maxBytes = 4 << 20, maxWork = 500_000;
const isBlank = (/** @type {string} */ term) => term.startsWith('_:');

/**
 * The canonical N-Quads of distinct statements; throws TooComplex.
 * @param {Quad[]} quads
 * @returns {string}
 */
export function canonicalize(quads) {
  const size = quads.reduce((n, q) => n + q.s.length + q.p.length + q.o.length + q.g.length, 0), c = new Canon(quads);
  if (quads.length > maxQuads || c.quads.size > maxBlanks || size > maxBytes) throw new TooComplex('too many statements');
  c.run();
  return quads.map((q) => line(relabel(q, (b) => c.canonical.issued.get(b) ?? ''))).sort(byBytes).join('');
}

/**
 * The order of texts by their code points, as UTF-8 has it; JavaScript compares halves of them.
 * @param {string} a
 * @param {string} b
 */
function byBytes(a, b) {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  if (i >= a.length || i >= b.length) return a.length - b.length;
  const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)], half = (/** @type {number} */ c) => (c & 0xf800) === 0xd800;
  return half(x) === half(y) ? x - y : half(x) ? 1 : -1;
}

/**
 * @param {Quad} q
 * @param {(blank: string) => string} name
 * @returns {Quad}
 */
function relabel(q, name) {
  const of = (/** @type {string} */ term) => (isBlank(term) ? name(term) : term);
  return { s: of(q.s), p: q.p, o: of(q.o), g: of(q.g) };
}

/** Hands out labels in order (RDFC-1.0 §4.5). */
class Issuer {
  /**
   * @param {string} prefix
   * @param {Map<string, string>} [issued]
   */
  constructor(prefix, issued) {
    this.prefix = prefix;
    this.issued = new Map(issued);
  }

  /** @param {string} blank */
  issue(blank) {
    const have = this.issued.get(blank), label = have ?? this.prefix + this.issued.size;
    if (have === undefined) this.issued.set(blank, label);
    return label;
  }

  clone() {
    return new Issuer(this.prefix, this.issued);
  }
}

/** @typedef {{hash: string, issuer: Issuer|null}} Path the outcome of the n-degree hash of one blank node */

/** The canonicalisation state (RDFC-1.0 §4.2). */
class Canon {
  /** @param {Quad[]} quads */
  constructor(quads) {
    /** @type {Map<string, Quad[]>} blank node to the quads that mention it */
    this.quads = new Map();
    /** @type {Map<string, string>} blank node to its first degree hash */
    this.first = new Map();
    this.canonical = new Issuer('_:c14n');
    this.left = maxWork;
    for (const q of quads) {
      for (const term of new Set([q.s, q.o, q.g])) {
        if (!isBlank(term)) continue;
        const list = this.quads.get(term);
        if (list) list.push(q);
        else this.quads.set(term, [q]);
      }
    }
  }

  /** @param {number} units */
  spend(units) {
    this.left -= units;
    if (this.left < 0) throw new TooComplex('blank nodes cannot be told apart with bounded work');
  }

  /** Issues a canonical label to every blank node (RDFC-1.0 §4.4.3, steps 3 to 5). */
  run() {
    /** @type {Map<string, string[]>} */
    const byHash = new Map();
    for (const blank of this.quads.keys()) {
      const h = this.firstDegree(blank);
      this.first.set(blank, h);
      byHash.set(h, [...byHash.get(h) ?? [], blank]);
    }
    const groups = [...byHash.keys()].sort().map((h) => byHash.get(h) ?? []);
    for (const g of groups) if (g.length === 1) this.canonical.issue(g[0]);
    for (const g of groups) if (g.length > 1) this.shared(g.sort());
  }

  /** @param {string[]} blanks that have one first degree hash in common (step 5) */
  shared(blanks) {
    const paths = [];
    for (const blank of blanks) {
      if (this.canonical.issued.has(blank)) continue;
      const temporary = new Issuer('_:b');
      temporary.issue(blank);
      paths.push(this.nDegree(blank, temporary));
    }
    paths.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
    for (const p of paths) for (const blank of p.issuer?.issued.keys() ?? []) this.canonical.issue(blank);
  }

  /** @param {string} blank */
  firstDegree(blank) {
    const lines = (this.quads.get(blank) ?? []).map((q) => line(relabel(q, (b) => (b === blank ? '_:a' : '_:z'))));
    return sha256hex(lines.sort(byBytes).join(''));
  }

  /**
   * Hashes a blank node as a neighbour (RDFC-1.0 §4.7).
   * @param {string} blank
   * @param {Quad} q
   * @param {Issuer} issuer
   * @param {string} position
   */
  related(blank, q, issuer, position) {
    const id = this.canonical.issued.get(blank) ?? issuer.issued.get(blank) ?? this.first.get(blank);
    return sha256hex(position === 'g' ? position + id : position + q.p + id);
  }

  /**
   * Hashes a blank node by the paths that lead from it (RDFC-1.0 §4.8).
   * @param {string} blank
   * @param {Issuer} issuer
   * @returns {Path}
   */
  nDegree(blank, issuer) {
    const quads = this.quads.get(blank) ?? [];
    this.spend(quads.length);
    /** @type {Map<string, string[]>} */
    const neighbours = new Map();
    for (const q of quads) {
      for (const position of /** @type {('s'|'o'|'g')[]} */ (['s', 'o', 'g'])) {
        const term = q[position];
        if (!isBlank(term) || term === blank) continue;
        const h = this.related(term, q, issuer, position), list = neighbours.get(h);
        if (list) list.push(term);
        else neighbours.set(h, [term]);
      }
    }
    let data = '';
    for (const h of [...neighbours.keys()].sort()) {
      const chosen = this.choose(neighbours.get(h) ?? [], issuer);
      data += h + chosen.hash;
      issuer = chosen.issuer ?? issuer;
    }
    return { hash: sha256hex(data), issuer };
  }

  /**
   * The least path over all orders of the neighbours (step 5.4).
   * @param {string[]} neighbours
   * @param {Issuer} issuer
   * @returns {Path}
   */
  choose(neighbours, issuer) {
    /** @type {Path} */
    let chosen = { hash: '', issuer: null };
    permute(neighbours.sort(), (order) => {
      this.spend(order.length + issuer.issued.size);
      const p = this.follow(order, issuer.clone(), chosen.hash);
      if (p && (chosen.hash === '' || p.hash < chosen.hash)) chosen = p;
    });
    return chosen;
  }

  /**
   * Walks one order of neighbours; it gives up as soon as the path cannot be less than best (steps 5.4.4 and 5.4.5).
   * @param {string[]} order
   * @param {Issuer} issuer
   * @param {string} best
   * @returns {Path|null}
   */
  follow(order, issuer, best) {
    const worse = () => best !== '' && path.length >= best.length && path > best;
    let path = '';
    const recurse = [];
    for (const blank of order) {
      const label = this.canonical.issued.get(blank);
      if (label === undefined && !issuer.issued.has(blank)) recurse.push(blank);
      path += label ?? issuer.issue(blank);
      if (worse()) return null;
    }
    for (const blank of recurse) {
      const sub = this.nDegree(blank, issuer);
      path += `${issuer.issue(blank)}<${sub.hash}>`;
      issuer = sub.issuer ?? issuer;
      if (worse()) return null;
    }
    return { hash: path, issuer };
  }
}

/**
 * Calls f with every order of a list (Heap's algorithm).
 * @param {string[]} list
 * @param {(order: string[]) => void} f
 */
function permute(list, f) {
  const order = [...list], count = order.map(() => 0);
  f(order);
  for (let i = 0; i < order.length;) {
    if (count[i] >= i) {
      count[i++] = 0;
      continue;
    }
    const j = i % 2 === 1 ? count[i] : 0;
    [order[i], order[j]] = [order[j], order[i]];
    f(order);
    count[i]++;
    i = 0;
  }
}
