// Verifies every vector as a browser would that has no Ed25519: noed.mjs FILE. One line for each: its name, the outcome,
// and the codes.

const { subtle } = crypto, importKey = subtle.importKey.bind(subtle);
subtle.importKey = async (format, key, algorithm, ...rest) => {
  if (algorithm.name === 'Ed25519') throw new DOMException('Unrecognized name.', 'NotSupportedError');
  return importKey(format, key, algorithm, ...rest);
};

const { read, say, verify } = await import('./lines.mjs'), { bundles, vectors } = await read(process.argv[2]);
for (const v of vectors) {
  const { outcome, reason } = await verify(bundles[v.bundle], v.data, { at: new Date(v.at), ask: v.binding });
  say({ name: v.name, outcome, reason });
}
