/* Finds a text in an element by its letters and digits alone, whatever stands between them. */

import { textNodes } from "./spans.js";

const LETTER = /[\p{L}\p{N}]/u;
const CLOSING = ".,;:!?)]}”’»%";
const TELLING = 12;

const lettersOf = (nodes) => {
  let letters = "";
  const origins = [];
  for (const node of nodes) {
    const text = node.data;
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at];
      if (!LETTER.test(character)) continue;
      letters += character.normalize("NFKC").toLowerCase()[0] ?? "";
      origins.push([node, at]);
    }
  }
  return { letters, origins };
};

const bare = (text) =>
  [...text].filter((c) => c.length === 1 && LETTER.test(c)).map((c) => c.normalize("NFKC").toLowerCase()[0]).join("");

const places = (letters, text) => {
  const whole = bare(text);
  if (!whole) return [];
  const at = letters.indexOf(whole);
  if (at >= 0) return [[at, at + whole.length]];
  const found = [];
  let after = 0;
  for (const piece of text.split(/\n|(?<=[.!?])\s+/)) {
    const wanted = bare(piece);
    if (wanted.length < TELLING) continue;
    let place = letters.indexOf(wanted, after);
    if (place < 0) place = letters.indexOf(wanted);
    if (place < 0) continue;
    found.push([place, place + wanted.length]);
    after = place + wanted.length;
  }
  return found;
};

/** The ranges of a text in an element: one for each stretch of one text node. */
export const rangesOf = (element, text) => {
  const { letters, origins } = lettersOf(textNodes(element));
  const ranges = [];
  for (const [start, end] of places(letters, text)) {
    let from = start;
    for (let at = start; at < end; at += 1) {
      const last = at + 1 === end || origins[at + 1][0] !== origins[at][0];
      if (!last) continue;
      const range = document.createRange();
      range.setStart(origins[from][0], origins[from][1]);
      let stop = origins[at][1] + 1;
      while (CLOSING.includes(origins[at][0].data[stop] ?? " ")) stop += 1;
      range.setEnd(origins[at][0], stop);
      ranges.push(range);
      from = at + 1;
    }
  }
  return ranges;
};

/** Put a text, wherever it stands in an element, into spans of a class; says how many there are. */
export const markText = (element, text, className, title) => {
  const ranges = rangesOf(element, text);
  for (const range of ranges.reverse()) {
    const span = document.createElement("span");
    span.className = className;
    if (title) span.title = title;
    try {
      range.surroundContents(span);
    } catch {
      // A range over half an element is left as it is.
    }
  }
  return ranges.length;
};
