// Finds codes in pictures: by the browser, where it can, else by a worker that is loaded when it is first needed.

const sides = [1600, 3200], most = 120e6; // pixels

let detector, worker, asked = 0;
const waiting = new Map();

async function native() {
  detector ??= (async () => {
    const formats = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []) ?? [];
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  })();
  return detector;
}

function begin() {
  worker = new Worker(new URL("./reader.js", import.meta.url));
  worker.onmessage = ({ data: { id, codes, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error("no reader"));
    else resolve(codes);
  };
  worker.onerror = (e) => {
    e.preventDefault();
    for (const { reject } of waiting.values()) reject(new Error("no reader"));
    waiting.clear();
    worker = undefined;
  };
}

function byWorker(picture) {
  if (!worker) begin();
  return new Promise((resolve, reject) => {
    waiting.set(++asked, { resolve, reject });
    worker.postMessage({ id: asked, picture }, [picture.data.buffer]);
  });
}

/** Draws a picture, at most so large, on white: what is transparent is paper. */
function drawn(source, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height)), canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const pixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);

/** The codes of a picture that a camera shows now. */
export async function codesInFrame(video) {
  const canvas = drawn(video, video.videoWidth, video.videoHeight, 1280), d = await native();
  if (d) return (await d.detect(canvas).catch(() => [])).map((c) => c.rawValue);
  return byWorker(pixels(canvas));
}

/** The codes of a picture: a bitmap, a canvas. Small ones may need all its pixels. */
export async function codesIn(source) {
  const { width, height } = source;
  if (width * height > most) return [];
  const d = await native();
  for (const side of sides) {
    const canvas = drawn(source, width, height, side);
    if (d) {
      const found = (await d.detect(canvas).catch(() => [])).map((c) => c.rawValue);
      if (found.length > 0) return found;
    }
    const found = await byWorker(pixels(canvas)).catch((e) => {
      if (!d) throw e; // the browser has looked; the worker may not be there
      return [];
    });
    if (found.length > 0) return found;
    if (Math.max(width, height) <= side) break;
  }
  return [];
}

/** The codes in the file of a picture; undefined if it is none. */
export async function codesInFile(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return undefined;
  }
  try {
    return await codesIn(bitmap);
  } finally {
    bitmap.close();
  }
}
