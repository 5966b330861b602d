// Opens trust bundles one after the other: a list of {name, text, roots?, fresh?, shards?, credential?, at?} on standard
// input. fresh begins anew. One line for each: what came of it.

import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { openBundle, say, signerOf, verify } from './lines.mjs';

let seen = null, base;
for (const c of JSON.parse(readFileSync(0, 'utf8'))) {
  if (c.fresh) [seen, base] = [null, undefined];
  const shards = new Map((c.shards ?? []).map((text) => [createHash('sha256').update(text).digest('hex'), text]));
  try {
    const opened = await openBundle(c.text, { roots: c.roots, seen, base, shard: async (hash) => shards.get(hash) });
    const result = c.credential ? await verify(opened.bundle, c.credential, { at: new Date(c.at) }) : undefined;
    ({ seen } = opened);
    base = opened.bundle;
    say({ name: c.name, seq: base.seq, missing: base.missing.length, issuers: opened.bundle.payload.issuers.map((i) => i.id), outcome: result?.outcome, signer: signerOf(c.text).kid });
  } catch (e) {
    say({ name: c.name, error: e.code ?? String(e) });
  }
}
