// Codes that are parts of one text: SRV1:<n>/<m>:<id>:<part>. They come in any order, and more than once.

const part = /^SRV1:([1-9]\d?)\/([1-9]\d?):([A-Za-z0-9_-]{1,64}):([\s\S]*)$/;

/** Whether a code is a part of a series. */
export function isPart(code) {
  const [, n, m] = typeof code === "string" ? part.exec(code) ?? [] : [];
  return Number(n) <= Number(m);
}

export class Series {
  constructor() {
    this.forget();
  }

  /** Begins anew. */
  forget() {
    this.id = "";
    this.size = 0;
    this.parts = new Map();
  }

  /** Adds a part. Another series begins anew; a part that contradicts an earlier one as well. */
  add(code) {
    const [, n, m, id, text] = part.exec(code), size = Number(m), place = Number(n);
    if (this.id !== id || this.size !== size || this.parts.has(place) && this.parts.get(place) !== text) {
      this.id = id;
      this.size = size;
      this.parts = new Map();
    }
    this.parts.set(place, text);
  }

  /** The numbers that are missing. */
  get missing() {
    return Array.from({ length: this.size }, (_, n) => n + 1).filter((n) => !this.parts.has(n));
  }

  get whole() {
    return this.size > 0 && this.missing.length === 0;
  }

  get text() {
    return Array.from({ length: this.size }, (_, n) => this.parts.get(n + 1)).join("");
  }
}
