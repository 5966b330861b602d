// A worker that finds codes in pictures. It alone may compile WebAssembly; its policy is that of its own answer.

importScripts("./vendor/zxing-reader.js");

ZXingWASM.prepareZXingModule({ overrides: { locateFile: (file) => new URL(`./vendor/${file}`, location.href).href } });
const options = { formats: ["QRCode", "Aztec", "DataMatrix"], tryHarder: true, tryRotate: true, tryInvert: true, tryDownscale: true, maxNumberOfSymbols: 32 };

addEventListener("message", async ({ data: { id, picture } }) => {
  try {
    const found = await ZXingWASM.readBarcodes(picture, options);
    postMessage({ id, codes: found.filter((c) => c.isValid).map((c) => (c.contentType === "Binary" ? c.bytes : c.text)) });
  } catch (e) {
    postMessage({ id, error: String(e) });
  }
});
