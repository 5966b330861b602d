// Verifies every vector of a file: vectors.mjs FILE [MODULE]. One line for each: its name, the result, and how long it took.

import { read, say, verify } from './lines.mjs';

const { bundles, vectors } = await read(process.argv[2]);
for (const v of vectors) {
  const start = performance.now(), result = await verify(bundles[v.bundle], v.data, { at: new Date(v.at), ask: v.binding });
  say({ name: v.name, result, ms: performance.now() - start });
}
