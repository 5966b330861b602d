// What PDFs cost that are made to cost much, and what is found in them; one line for each. What only browsers have is
// put in its place: whatever is painted or shown has the code "found".

import { codesInPDF } from '../page/pdf.js';

class Canvas {
  constructor(width = 1, height = 1) {
    Object.assign(this, { width, height });
  }

  getContext() {
    const image = (/** @type {number} */ w, /** @type {number} */ h) => ({ data: new Uint8ClampedArray(w * h * 4) });
    return new Proxy({}, { get: (_, name) => (name === 'createImageData' ? image : () => undefined), set: () => true });
  }
}
const anything = class { constructor() { return new Proxy({}, { get: () => () => undefined }); } };
Object.assign(globalThis, { OffscreenCanvas: Canvas, Path2D: anything, document: { createElement: () => new Canvas() }, createImageBitmap: async () => ({ width: 9, height: 9, close() {} }),
  BarcodeDetector: class { static async getSupportedFormats() { return ['qr_code']; } async detect() { return [{ rawValue: 'found' }]; } } });

/** A PDF of objects: texts, or [dictionary, stream]. */
function pdf(...objects) {
  const parts = objects.map((o, n) => `${n + 1} 0 obj ${Array.isArray(o) ? `${o[0]}\nstream\n${o[1]}\nendstream` : o}\nendobj\n`);
  return '%PDF-1.7\n' + parts.join('');
}
const page = (/** @type {string} */ more) => `<</Type/Page/MediaBox[0 0 200 200]${more}>>`;
const objectStream = (/** @type {number} */ n, /** @type {string} */ value) => {
  const head = Array.from({ length: n }, (_, i) => `${i + 100} 0`).join(' ') + ' ';
  return [`<</Type/ObjStm/N ${n}/First ${head.length}/Length ${head.length + value.length}>>`, head + value];
};
const many = (/** @type {number} */ n, /** @type {string} */ text) => text.repeat(n), forms = Array.from({ length: 60 }, (_, i) => `/F${i} ${i + 2} 0 R`).join('');

const files = {
  'a page': pdf(page('/Contents 2 0 R'), ['<</Length 12>>', '0 0 9 9 re f']),
  'nested lists': `%PDF-1.7\n1 0 obj ${many(70, '[')}${many(70, ']')}\nendobj\n`,
  'nested lists without an end': `%PDF-1.7\n1 0 obj ${many(70, '[')}`,
  'nested dictionaries': `%PDF-1.7\n1 0 obj ${many(70, '<</A ')}1${many(70, '>>')}\nendobj\n`,
  'nested lists in a content': pdf(page('/Contents 2 0 R'), [`<<>>`, many(70, '[')]),
  'an object stream that is read again and again': pdf(objectStream(20000, `[${many(200000, '1 ')}]`)),
  'object streams without a beginning': pdf(...Array.from({ length: 50 }, () => ['<</Type/ObjStm/N 20000>>', '1 [1 2 3'])),
  'one content many times': pdf(page(`/Contents[${many(20000, '2 0 R ')}]`), ['<<>>', many(100000, '0 0 9 9 re f ')]),
  'lists of contents in a list': pdf(page(`/Contents[${many(5000, '2 0 R ')}]`), `[${many(200000, '2 0 R ')}]`),
  'one form many times': pdf(page('/Contents 2 0 R/Resources<</XObject<</F 3 0 R>>>>'), ['<<>>', many(100000, '/F Do ')], ['<</Subtype/Form>>', many(100000, '9 ')]),
  'forms in forms': pdf(page(`/Resources<</XObject<<${forms}>>>>`), ...Array.from({ length: 60 }, () => [`<</Subtype/Form/Resources<</XObject<<${forms}>>>>>>`, ''])),
  'a stream of negative length': pdf(page('/Contents 2 0 R'), ['<</Length -30>>', many(60, ' endstream ')]),
  'a type that is a long list': pdf(`[${many(500000, '1 ')}]`, ...Array.from({ length: 5000 }, () => '<</Type 1 0 R/Subtype 1 0 R>>')),
  'pictures of many pixels': pdf(...Array.from({ length: 40 }, (_, i) => page(`/Resources<</XObject<</A ${i + 41} 0 R>>>>`)),
    ...Array.from({ length: 40 }, () => ['<</Subtype/Image/Width 6000/Height 6000/BitsPerComponent 1/Length 4500000>>', ''])).replace(/(Length 4500000>>\nstream\n)/, (m) => m + many(4_600_000, 'x')),
};
for (const [name, text] of Object.entries(files)) {
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0)), start = performance.now();
  const found = await codesInPDF(bytes).then((codes) => codes.join(), (e) => `none: ${e.message}`);
  process.stdout.write(JSON.stringify({ name, found, ms: performance.now() - start, bytes: bytes.length }) + '\n');
}
