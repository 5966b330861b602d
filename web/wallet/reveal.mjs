// Verifies the SD-JWT VCs on standard input, {credential, key} a line, and writes the
// claims of each, or why it was refused.
import {createInterface} from 'node:readline';
import {revealSDJWT} from './sdjwt.mjs';

for await (const line of createInterface({input: process.stdin})) {
  const {credential, key} = JSON.parse(line);
  try {
    console.log(JSON.stringify({claims: await revealSDJWT(credential, key)}));
  } catch (err) {
    console.log(JSON.stringify({why: err.message}));
  }
}
