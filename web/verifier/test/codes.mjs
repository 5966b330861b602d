// Reads codes on paper without any check: a list of texts on standard input, one line for each.

import { readFileSync } from 'node:fs';
import { decodeClaim169, say } from './lines.mjs';

for (const text of JSON.parse(readFileSync(0, 'utf8'))) say(await decodeClaim169(text));
