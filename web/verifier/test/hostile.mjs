// What nobody should give the module, each answer on its own line: hostile.mjs FILE [MODULE].

import { readFileSync } from 'node:fs';
import { openBundle, say, verify } from './lines.mjs';

const { bundles, vectors } = JSON.parse(readFileSync(process.argv[2], 'utf8')), text = JSON.stringify(bundles.usual);
const { bundle } = await openBundle(text, { unsigned: true });
const v = vectors.find((e) => e.name === 'dc+sd-jwt ES256: in order'), at = new Date(v.at);
const answer = async (name, f) => say({ name, ...await f().then(({ outcome, claims }) => ({ outcome, claims }), (e) => ({ error: `${e.name} ${e.code ?? ''}`.trim() })) });

await answer('as it should be', () => verify(bundle, v.data, { at }));
for (const [name, data] of [['a number', 5], ['nothing', null], ['a list', [1]], ['an object', {}]]) await answer(name, () => verify(bundle, data, { at }));
await answer('no such time', () => verify(bundle, v.data, { at: new Date(NaN) }));
await answer('no such time, over', () => verify(bundle, vectors.find((e) => e.name === 'dc+sd-jwt ES256: at its end').data, { at: new Date('tomorrow') }));
await answer('a trust that breaks', () => verify({ ...bundle, trust: { ...bundle.trust, candidates() { throw new RangeError('too deep'); } } }, v.data, { at }));

const list = bundles.usual.status.find((s) => s.uri === 'https://registry.example/status/token/now'), { createHash } = await import('node:crypto');
const shards = { ...bundles.usual, status: [{ uri: list.uri, sha256: createHash('sha256').update(list.token).digest('hex') }] };
const apart = await openBundle(JSON.stringify(shards), { unsigned: true, shard: async () => { throw new Error('storage is away'); } });
await answer('shards that cannot be had', () => verify(apart.bundle, v.data, { at }));

for (const [name, jwk] of [['kind an object', { kty: {} }], ['curve an object', { kty: 'EC', crv: {} }], ['no kind', {}]]) {
  const [first, ...rest] = bundles.usual.issuers, keys = [{ ...first.keys[0], jwk }];
  await answer(`key of a bundle, ${name}`, () => openBundle(JSON.stringify({ ...bundles.usual, issuers: [{ ...first, keys }, ...rest] }), { unsigned: true }));
}
