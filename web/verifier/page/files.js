// What is in a file: the text of a credential, or pictures with codes.

import { codesInFile } from "./codes.js";

const most = 24 << 20;

/** Why nothing came of a file: its code has words. */
export class FileProblem extends Error {}

/** The codes and texts of a file. FileProblem if there is none. */
export async function readFile(file) {
  if (file.size > most) throw new FileProblem("too_large");
  if (file.size === 0) throw new FileProblem("empty");
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (begins(bytes, "%PDF-")) return some(await inPDF(bytes), "no_code_pdf");
  if (begins(bytes, "SRV1:")) return partsIn(bytes);
  if (!isPicture(bytes)) return [bytes];
  const codes = await codesInFile(new Blob([bytes])).catch(() => {
    throw new FileProblem("no_reader");
  });
  if (!codes) throw new FileProblem("no_picture");
  return some(codes, "no_code");
}

/** The codes of a PDF; whatever else is wrong with it, there is none in it. */
async function inPDF(bytes) {
  const { codesInPDF } = await import("./pdf.js");
  return codesInPDF(bytes).catch((e) => {
    if (e.message === "no reader") throw e;
    return [];
  });
}

/** The parts of a series that stand in a text, one a line. */
const partsIn = (bytes) => new TextDecoder().decode(bytes).split(/\r?\n/).filter((line) => line !== "").slice(0, 100);

function some(codes, problem) {
  if (codes.length === 0) throw new FileProblem(problem);
  return codes;
}

const begins = (bytes, text, at = 0) => [...text].every((c, n) => bytes[at + n] === c.charCodeAt(0));

const isPicture = (b) => begins(b, "\x89PNG") || begins(b, "\xff\xd8\xff") || begins(b, "GIF8") || begins(b, "BM") || begins(b, "RIFF") && begins(b, "WEBP", 8) || begins(b, "ftyp", 4);
