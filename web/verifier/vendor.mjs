// Makes what the verifier's folder carries beside its own modules: jsonld in one file with its licences, the
// published contexts, and all modules in one file; bundled.json names the packages that are in it. scripts/assets.sh
// runs it.

import { build } from 'esbuild';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url)), out = `${here}js/vendor/`;
/** Of rdf-canonize nothing is used but what names blank nodes. */
function onlyNames({ onResolve, onLoad }) {
  onResolve({ filter: /^rdf-canonize$/ }, () => ({ path: 'names', namespace: 'part' }));
  onLoad({ filter: /./, namespace: 'part' }, () => ({ contents: "exports.IdentifierIssuer = require('rdf-canonize/lib/IdentifierIssuer.js')", resolveDir: here }));
}

/** The file of all modules stands in vendor itself. */
function beside({ onResolve }) {
  onResolve({ filter: /^\.\/vendor\// }, ({ path }) => ({ path: path.replace('vendor/', ''), external: true }));
}

mkdirSync(out, { recursive: true });

const options = { absWorkingDir: here, bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022', legalComments: 'none', logLevel: 'warning' };
const { metafile } = await build({ ...options, entryPoints: ['jsonld.mjs'], outfile: `${out}jsonld.min.js`, metafile: true,
  plugins: [{ name: 'names of blank nodes', setup: onlyNames }] });
await build({ ...options, entryPoints: ['js/verifier.js'], outfile: `${out}verifier.min.js`, plugins: [{ name: 'files beside it', setup: beside }] });

const packages = new Set(Object.keys(metafile.inputs).map((f) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(f)?.[1]).filter((p) => p));
const licences = [...packages].sort().map((p) => {
  const { version } = JSON.parse(readFileSync(`${here}node_modules/${p}/package.json`, 'utf8'));
  const file = readdirSync(`${here}node_modules/${p}`).find((f) => /^licen[cs]e/i.test(f));
  return `${p} ${version}\n\n${readFileSync(`${here}node_modules/${p}/${file}`, 'utf8').trim()}\n`;
});
writeFileSync(`${here}bundled.json`, `${JSON.stringify([...packages].sort())}\n`);
writeFileSync(`${out}jsonld.LICENSE.txt`, licences.join('\n----\n\n'));

const folder = `${here}../../contexts/`, contexts = {};
for (const [, file, iri] of readFileSync(`${folder}SOURCES.md`, 'utf8').matchAll(/^\| (\S+\.jsonld) \| (\S+) \|/gm)) {
  contexts[iri] = readFileSync(`${folder}published/${file}`, 'utf8');
}
writeFileSync(`${out}contexts.js`, `// Published JSON-LD contexts, byte by byte; see contexts/SOURCES.md.\nexport default ${JSON.stringify(contexts, null, 1)};\n`);
