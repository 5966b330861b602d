// Verifies every vector in a browser, and sends the answers back to where this came from.

import { openBundle, verify } from './js/verifier.js';

async function all() {
  const { bundles, vectors } = await (await fetch('vectors.json')).json(), ready = {}, out = [];
  for (const [name, payload] of Object.entries(bundles)) ready[name] = (await openBundle(JSON.stringify(payload), { unsigned: true })).bundle;
  for (const v of vectors) {
    const start = performance.now(), result = await verify(ready[v.bundle], v.data, { at: new Date(v.at), ask: v.binding });
    out.push(JSON.stringify({ name: v.name, result, ms: performance.now() - start }));
  }
  return out.join('\n');
}

const body = await all().catch((e) => String(e.stack));
await fetch('answers', { method: 'POST', body });
