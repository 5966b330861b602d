// Reads the codes on standard input, {code, kid, key} a line, and writes the claims of
// each, or why it was refused.
import {createInterface} from 'node:readline';
import {checkCode} from './code169.mjs';

for await (const line of createInterface({input: process.stdin})) {
  const {code, kid, key} = JSON.parse(line);
  try {
    console.log(JSON.stringify({claims: await checkCode(code, name => (name === kid ? [key] : []))}));
  } catch (err) {
    console.log(JSON.stringify({why: err.message}));
  }
}
