// Checks again what take.mjs took: its lines come on standard input. It ends with 0
// only if every credential is still good, and prints one line for each.
import {createInterface} from 'node:readline';
import {formats} from './formats.mjs';

for await (const line of createInterface({input: process.stdin})) {
  const {format, credential, issuer, holder, anchors} = JSON.parse(line);
  try {
    await formats[format].check(credential, issuer, holder, anchors);
    console.log(JSON.stringify({format, good: true}));
  } catch (e) {
    console.log(JSON.stringify({format, good: false, why: String(e.message ?? e)}));
    process.exitCode = 1;
  }
}
