// ./js is the folder of socialregistry-verifier_VERSION.tar.gz, or web/verifier/js of our source after "make assets"
import { readFile } from "node:fs/promises";
import { openBundle, verify } from "./js/verifier.js";

const [file, pinned, credential] = process.argv.slice(2);
const { bundle } = await openBundle(await readFile(file, "utf8"), { roots: [pinned] });
const result = await verify(bundle, await readFile(credential, "utf8"));
console.log(result.outcome);
