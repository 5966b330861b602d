// What the tests share: reading the file of vectors, and writing one JSON object per line.

import { readFileSync } from 'node:fs';

/** The module: as it is written, or, if the last argument says so, all of it in one file. */
export const { decodeClaim169, openBundle, signerOf, verify } = await import(process.argv.at(-1).endsWith('.min.js') ? process.argv.at(-1) : '../js/verifier.js');

export const say = (v) => process.stdout.write(JSON.stringify(v) + '\n');

/** The vectors of a file, and its bundles made ready. */
export async function read(file) {
  const { bundles, vectors } = JSON.parse(readFileSync(file, 'utf8')), ready = {};
  for (const [name, payload] of Object.entries(bundles)) ready[name] = (await openBundle(JSON.stringify(payload), { unsigned: true })).bundle;
  return { bundles: ready, vectors };
}
