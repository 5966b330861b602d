// ./js is the folder of socialregistry-verifier_VERSION.tar.gz, or web/verifier/js of our source after "make assets"
import { readFile, writeFile } from "node:fs/promises";
import { openBundle, verify } from "./js/verifier.js";

const [file, pinned, credential] = process.argv.slice(2);
const seen = JSON.parse(await readFile("seen.json", "utf8").catch(() => "null")); // from the last time
const { bundle, ...next } = await openBundle(await readFile(file, "utf8"), { roots: [pinned], seen });
await writeFile("seen.json", JSON.stringify(next.seen)); // so that no older bundle is taken, and dropped root keys stay dropped
const at = new Date(Math.max(Date.now(), bundle.created)); // a bundle is not made in the future: then the clock is wrong
const result = await verify(bundle, await readFile(credential, "utf8"), { at });
console.log(result.outcome);
