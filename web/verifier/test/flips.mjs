// Alters one bit after the other of credentials that are genuine: flips.mjs FILE STEP NAME... One line for each: how
// many were tried, the outcomes, and what should not be. Of every STEP bits one is altered.

import { read, say, verify } from './lines.mjs';

const [file, step, ...names] = process.argv.slice(2), { bundles, vectors } = await read(file);
for (const name of names) {
  const v = vectors.find((e) => e.name === name), data = new TextEncoder().encode(v.data), outcomes = {}, wrong = [];
  for (let bit = 0; bit < data.length * 8; bit += Number(step)) {
    const bad = data.slice();
    bad[bit >> 3] ^= 1 << bit % 8;
    const { outcome, claims, type } = await verify(bundles[v.bundle], bad, { at: new Date(v.at) });
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (!['altered', 'unknown_issuer', 'unsupported_format', 'unreadable_code', 'incomplete_code'].includes(outcome) || claims || type) wrong.push(`bit ${bit}: ${outcome}`);
  }
  say({ name, outcomes, wrong });
}
