// Finds codes in a PDF: pictures in it, and what pages paint with lines and areas, which is how browsers print codes.
// Text, fonts and colours are not looked at. What a file may cost is bounded: whatever is read, copied, inflated or painted
// is paid from one budget.

import { codesIn, codesInFile } from "./codes.js";

const bounds = { objects: 20000, stream: 48 << 20, work: 160 << 20, pages: 12, pictures: 48, steps: 400000, depth: 6, nested: 60 };
const token = 40; // what a value costs, where a byte or a pixel costs one
const side = 1800; // pixels of the longer side of a page

/** All codes of the first pages. */
export async function codesInPDF(bytes) {
  const file = new File(bytes), found = [];
  try {
    await file.read();
    for (const page of file.pages().slice(0, bounds.pages)) {
      for await (const picture of file.pictures(page)) found.push(...await codesInPicture(picture));
      found.push(...await codesIn(await file.paint(page)));
    }
  } catch (e) {
    if (!(e instanceof Spent)) throw e; // what was found before does
  }
  return [...new Set(found)];
}

/** The file costs more than a file may. */
class Spent extends Error {}

class Budget {
  left = bounds.work;

  spend(units) {
    this.left -= units;
    if (!(this.left >= 0)) throw new Spent("this file costs too much");
  }
}

async function codesInPicture(picture) {
  if (picture instanceof Blob) return await codesInFile(picture) ?? [];
  return codesIn(picture);
}

class Reference {
  constructor(number) {
    this.number = number;
  }
}

class Name extends String {}

/** Reads the values of PDF syntax (ISO 32000-1 §7.2, §7.3) from text, one character for each byte. */
class Tokens {
  constructor(text, budget, at = 0) {
    this.text = text;
    this.budget = budget;
    this.at = at;
  }

  space() {
    const blank = /(?:[\0\t\n\f\r ]+|%[^\r\n]*)*/y;
    blank.lastIndex = this.at;
    this.at += blank.exec(this.text)[0].length;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const m = pattern.exec(this.text);
    if (m) this.at += m[0].length;
    return m;
  }

  /** The next value; a keyword is {word}; undefined at the end. Throws if it is nested too deep. */
  next(depth = 0) {
    this.budget.spend(token);
    this.space();
    if (this.at >= this.text.length) return undefined;
    if (depth > bounds.nested) throw new Error("nested too deep");
    const two = this.text.substr(this.at, 2), c = two[0];
    if (two === "<<") return this.dictionary(depth);
    if (c === "[") return this.list(depth);
    if (c === "(") return this.string();
    if (c === "<") return this.match(/<[^>]*>?/y)[0];
    let m = this.match(/\/([^\0\t\n\f\r ()<>[\]{}/%]*)/y);
    if (m) return new Name(m[1].replace(/#([0-9a-fA-F]{2})/g, (_, x) => String.fromCharCode(parseInt(x, 16))));
    m = this.match(/(\d+)[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+R(?![A-Za-z0-9])/y);
    if (m) return new Reference(Number(m[1]));
    m = this.match(/[+-]*(?:\d+\.?\d*|\.\d+)/y);
    if (m) return Number(m[0].replace(/^[+-]*(?=[+-])/, "")) || 0;
    m = this.match(/[^\0\t\n\f\r ()<>[\]{}/%]+/y);
    if (m) return { true: true, false: false, null: null }[m[0]] ?? { word: m[0] };
    this.at++;
    return { word: c };
  }

  dictionary(depth) {
    const out = new Map();
    for (this.at += 2; ;) {
      this.space();
      if (this.text.startsWith(">>", this.at)) {
        this.at += 2;
        return out;
      }
      const key = this.next(depth + 1);
      if (!(key instanceof Name)) return out;
      out.set(String(key), this.next(depth + 1));
    }
  }

  list(depth) {
    const out = [];
    for (this.at++; ;) {
      this.space();
      if (this.at >= this.text.length) return out;
      if (this.text[this.at] === "]") {
        this.at++;
        return out;
      }
      out.push(this.next(depth + 1));
    }
  }

  string() {
    const begin = this.at;
    let open = 0;
    do {
      const c = this.text[this.at++];
      if (c === "\\") this.at++;
      else if (c === "(") open++;
      else if (c === ")") open--;
    } while (open > 0 && this.at < this.text.length);
    return this.text.slice(begin, this.at);
  }
}

/** One character for each byte. With apply and few bytes at a time it takes a fifteenth of the time. */
function latin(bytes) {
  let out = "";
  for (let n = 0; n < bytes.length; n += 8192) out += String.fromCharCode.apply(undefined, bytes.subarray(n, n + 8192));
  return out;
}

class File {
  constructor(bytes) {
    this.bytes = bytes;
    this.text = latin(bytes);
    this.objects = new Map(); // value, and where its stream begins
    this.budget = new Budget();
    this.steps = 0;
    this.seen = new Set(); // pictures and forms that were looked through
    this.shown = 0; // pictures
  }

  /** Finds all objects by looking through the file, as they stand in it: later ones replace earlier ones. */
  async read() {
    if (/\/Encrypt\b/.test(this.text.slice(-4096))) return;
    const begin = /(?:^|[\r\n\0\t\f ])(\d{1,8})[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+obj\b/g;
    for (let m = begin.exec(this.text); m && this.objects.size < bounds.objects; m = begin.exec(this.text)) {
      const tokens = new Tokens(this.text, this.budget, begin.lastIndex), value = tokens.next();
      tokens.space();
      const stream = tokens.match(/stream\r?\n/y) ? tokens.at : 0;
      this.objects.set(Number(m[1]), { value, stream });
      if (stream && value instanceof Map && typeof value.get("Length") === "number") begin.lastIndex = Math.max(tokens.at + value.get("Length"), begin.lastIndex);
      else begin.lastIndex = Math.max(tokens.at, begin.lastIndex);
    }
    for (const o of [...this.objects.values()]) if (this.name(o.value, "Type") === "ObjStm") await this.unpack(o);
  }

  /** Objects that stand in a stream (§7.5.7). */
  async unpack(o) {
    const text = latin(await this.stream(o)), head = new Tokens(text, this.budget), first = this.get(o.value, "First");
    if (typeof first !== "number") return;
    for (let n = 0; n < this.get(o.value, "N") && this.objects.size < bounds.objects; n++) {
      const number = head.next(), at = head.next();
      if (typeof at === "number" && !this.objects.has(number)) this.objects.set(number, { value: new Tokens(text, this.budget, first + at).next(), stream: 0 });
    }
  }

  object(v) {
    return v instanceof Reference ? this.objects.get(v.number) ?? { value: null, stream: 0 } : { value: v, stream: 0 };
  }

  resolve(v) {
    for (let n = 0; v instanceof Reference && n < 10; n++) v = this.object(v).value;
    return v;
  }

  get(map, name, short) {
    return map instanceof Map ? this.resolve(map.get(name) ?? (short ? map.get(short) : undefined)) : undefined;
  }

  /** A member that is a name; "" for anything else. */
  name(map, member) {
    const v = this.get(map, member);
    return v instanceof Name ? String(v) : "";
  }

  /** The first values of a member: it may be one, or a list. */
  some(map, member, short) {
    const v = this.get(map, member, short);
    return (Array.isArray(v) ? v.slice(0, 4) : [v]).map((e) => this.resolve(e));
  }

  pages() {
    return [...this.objects.values()].map((o) => o.value).filter((v) => this.name(v, "Type") === "Page");
  }

  /** What a page has, or inherits. */
  inherited(page, name) {
    for (let n = 0; page instanceof Map && n < 30; n++, page = this.get(page, "Parent")) if (page.has(name)) return this.get(page, name);
    return undefined;
  }

  /** The bytes of a stream. A filter other than Flate leaves them as they are, and is told by filterOf. */
  async stream(o) {
    const length = this.get(o.value, "Length");
    let end = o.stream + length;
    if (!o.stream) return new Uint8Array();
    if (!(typeof length === "number" && length >= 0) || !this.text.substr(end, 20).includes("endstream")) end = this.text.indexOf("endstream", o.stream);
    this.budget.spend((end < 0 ? this.text.length : end) - o.stream);
    if (end < 0) return new Uint8Array();
    const raw = this.bytes.subarray(o.stream, end);
    if (this.filterOf(o.value) !== "FlateDecode") return raw;
    const out = await inflated(raw, Math.min(bounds.stream, this.budget.left));
    this.budget.spend(out.length);
    const parms = this.some(o.value, "DecodeParms", "DP")[0];
    return this.get(parms, "Predictor") >= 10 ? unpredicted(out, this.get(parms, "Columns") ?? 1, this.get(parms, "Colors") ?? 1, this.get(parms, "BitsPerComponent") ?? 8) : out;
  }

  filterOf(map) {
    const name = this.some(map, "Filter", "F").filter((x) => x).map((x) => (x instanceof Name ? String(x) : "?")).join(" ");
    return name === "Fl" ? "FlateDecode" : name;
  }

  /** The pictures of a page that were on no page before: files of JPEG, and canvases. */
  async *pictures(page, resources = this.inherited(page, "Resources"), depth = 0) {
    const all = this.get(resources, "XObject");
    if (!(all instanceof Map) || depth > bounds.depth) return;
    for (const v of all.values()) {
      this.budget.spend(token);
      const o = this.object(v), kind = this.name(o.value, "Subtype");
      if (!["Form", "Image"].includes(kind) || this.seen.has(o.value)) continue;
      if (this.shown >= bounds.pictures) return;
      this.seen.add(o.value);
      if (kind === "Form") {
        yield* this.pictures(page, this.get(o.value, "Resources"), depth + 1);
        continue;
      }
      const picture = await this.picture(o);
      if (!picture) continue;
      this.shown++;
      yield picture;
    }
  }

  async picture(o) {
    const data = await this.stream(o), filter = this.filterOf(o.value);
    if (filter === "DCTDecode") return new Blob([data], { type: "image/jpeg" });
    if (filter !== "FlateDecode" && filter !== "") return undefined;
    const width = this.get(o.value, "Width"), height = this.get(o.value, "Height"), mask = this.get(o.value, "ImageMask") === true;
    const bits = mask ? 1 : this.get(o.value, "BitsPerComponent") ?? 8;
    if (!(width > 0 && height > 0 && width * height <= 40e6) || ![1, 8].includes(bits)) return undefined;
    const per = bits === 1 ? 1 : Math.round(data.length / (width * height)), line = Math.ceil(width * per * bits / 8);
    if (![1, 3, 4].includes(per) || data.length < line * height) return undefined;
    this.budget.spend(width * height);
    const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext("2d"), image = pen.createImageData(width, height);
    const inverse = this.some(o.value, "Decode")[0] === 1;
    for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++, at += 4) {
      const p = y * line + (bits === 1 ? x >> 3 : x * per);
      for (let c = 0; c < 3; c++) image.data[at + c] = bits === 1 ? ((data[p] >> (7 - (x & 7))) & 1) !== Number(inverse) ? 255 : 0 : per === 4 ? 255 - Math.min(255, data[p + c] + data[p + 3]) : data[p + (per === 3 ? c : 0)];
      image.data[at + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
    return canvas;
  }

  /** Paints what a page fills. */
  async paint(page) {
    const box = this.inherited(page, "CropBox") ?? this.inherited(page, "MediaBox");
    const [x0, y0, x1, y1] = (Array.isArray(box) ? box : [0, 0, 595, 842]).slice(0, 4).map((v) => this.resolve(v)), width = Math.abs(x1 - x0) || 595, height = Math.abs(y1 - y0) || 842, scale = Math.min(8, side / Math.max(width, height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.ceil(width * scale)), Math.max(1, Math.ceil(height * scale))), pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = "#000";
    pen.setTransform(scale, 0, 0, -scale, -Math.min(x0, x1) * scale, Math.max(y0, y1) * scale);
    try {
      await this.run(await this.content(page), pen, this.inherited(page, "Resources"), 0);
    } catch (e) {
      if (!(e instanceof Spent)) throw e; // what is painted is painted
    }
    return canvas;
  }

  /** The content of a page: one stream, or several that count as one (§7.8.2). */
  async content(page) {
    const whole = page.get("Contents"), list = this.resolve(whole), out = [];
    for (const part of Array.isArray(list) ? list : [whole]) {
      this.budget.spend(token);
      out.push(latin(await this.stream(this.object(part))));
    }
    return out.join("\n");
  }

  /** Does the operators of a content stream that make areas (§8.5), forms (§8.10) and greys (§8.6.8). */
  async run(content, pen, resources, depth) {
    const tokens = new Tokens(content, this.budget);
    let args = [], path = new Path2D(), last = [0, 0];
    const fill = (rule) => {
      pen.fill(path, rule);
      path = new Path2D();
    };
    const grey = (level) => {
      pen.fillStyle = level < 0.5 ? "#000" : "#fff";
    };
    for (let v = tokens.next(); v !== undefined; v = tokens.next()) {
      if (++this.steps > bounds.steps) return;
      if (v === null || typeof v !== "object" || v.word === undefined) {
        if (args.length < 64) args.push(v);
        continue;
      }
      const a = args;
      args = [];
      switch (v.word) {
        case "q": pen.save(); break;
        case "Q": pen.restore(); break;
        case "cm": if (a.length === 6) pen.transform(...a); break;
        case "re": path.rect(a[0], a[1], a[2], a[3]); break;
        case "m": path.moveTo(a[0], a[1]); last = a; break;
        case "l": path.lineTo(a[0], a[1]); last = a; break;
        case "c": path.bezierCurveTo(...a.slice(0, 6)); last = a.slice(4); break;
        case "v": path.bezierCurveTo(last[0], last[1], ...a.slice(0, 4)); last = a.slice(2); break;
        case "y": path.bezierCurveTo(a[0], a[1], a[2], a[3], a[2], a[3]); last = a.slice(2); break;
        case "h": path.closePath(); break;
        case "f": case "F": case "b": case "B": fill("nonzero"); break;
        case "f*": case "b*": case "B*": fill("evenodd"); break;
        case "n": case "S": case "s": path = new Path2D(); break;
        case "g": grey(a[0]); break;
        case "rg": grey(0.3 * a[0] + 0.59 * a[1] + 0.11 * a[2]); break;
        case "k": grey(1 - Math.min(1, 0.3 * a[0] + 0.59 * a[1] + 0.11 * a[2] + a[3])); break;
        case "sc": case "scn": if (a.length > 0 && a.every((x) => typeof x === "number")) grey(a.length === 4 ? 1 - Math.min(1, a[3] + a[0]) : a.reduce((s, x) => s + x, 0) / a.length); break;
        case "BI": { // a picture in the stream (§8.9.7) is skipped
          const end = content.indexOf("EI", tokens.at);
          tokens.at = end < 0 ? content.length : end + 2;
          break;
        }
        case "Do": if (a[0] instanceof Name) await this.form(this.get(resources, "XObject")?.get?.(String(a[0])), pen, resources, depth); break;
      }
    }
  }

  async form(reference, pen, resources, depth) {
    const o = this.object(reference);
    if (depth >= bounds.depth || this.name(o.value, "Subtype") !== "Form") return;
    pen.save();
    const matrix = this.get(o.value, "Matrix");
    if (Array.isArray(matrix) && matrix.length === 6) pen.transform(...matrix.map((v) => this.resolve(v)));
    await this.run(latin(await this.stream(o)), pen, this.get(o.value, "Resources") ?? resources, depth + 1);
    pen.restore();
  }
}

/** Inflates at most so many bytes; what follows an error is left out. */
async function inflated(raw, most) {
  const parts = [], reader = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let size = 0;
  try {
    for (let r = await reader.read(); !r.done && size < most; r = await reader.read()) {
      parts.push(r.value);
      size += r.value.length;
    }
    await reader.cancel();
  } catch {
    // what came before it may do
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer()).subarray(0, most);
}

/** Takes back the predictors of PNG (§7.4.4.4). */
function unpredicted(data, columns, colours, bits) {
  const step = Math.max(1, colours * bits >> 3), line = Math.ceil(columns * colours * bits / 8), rows = Math.floor(data.length / (line + 1)), out = new Uint8Array(rows * line);
  for (let y = 0; y < rows; y++) {
    const kind = data[y * (line + 1)], from = y * (line + 1) + 1, to = y * line;
    for (let x = 0; x < line; x++) {
      const a = x >= step ? out[to + x - step] : 0, b = y > 0 ? out[to + x - line] : 0;
      let add = 0;
      if (kind === 1) add = a;
      else if (kind === 2) add = b;
      else if (kind === 3) add = a + b >> 1;
      else if (kind === 4) add = paeth(a, b, x >= step && y > 0 ? out[to + x - line - step] : 0);
      out[to + x] = data[from + x] + add;
    }
  }
  return out;
}

function paeth(a, b, c) {
  const p = a + b - c, da = Math.abs(p - a), db = Math.abs(p - b), dc = Math.abs(p - c);
  return da <= db && da <= dc ? a : db <= dc ? b : c;
}
