/* Draws the pages of a PDF as they come into sight, with the passage marked on its page. */

import * as pdfjs from "./vendor/pdfjs/pdf.min.mjs";
import { say } from "./common.js";
import { rangesOf } from "./find.js";

const beside = (name) => new URL(`./vendor/pdfjs/${name}`, import.meta.url).href;
pdfjs.GlobalWorkerOptions.workerSrc = beside("pdf.worker.min.mjs");

/* No document may run anything or reach the network; what drawing one takes comes from here. */
const CAREFUL = {
  isEvalSupported: false,
  enableXfa: false,
  useWorkerFetch: false,
  cMapUrl: beside("cmaps/"),
  cMapPacked: true,
  standardFontDataUrl: beside("fonts/"),
  wasmUrl: beside("wasm/"),
  disableAutoFetch: true,
  stopAtErrors: false,
};
const WIDEST = 900;
const KEPT = 12; // drawn pages, each of which may take 20 MB

/** Mark a text on a drawn page; gives the first of the marks. */
const markOn = (sheet, layer, text, kind = "on-page") => {
  const frame = sheet.getBoundingClientRect();
  const marks = document.createElement("div");
  marks.className = "marks";
  for (const range of rangesOf(layer, text)) {
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      const mark = document.createElement("div");
      mark.className = kind;
      mark.style.left = `${((box.left - frame.left) / frame.width) * 100}%`;
      mark.style.top = `${((box.top - frame.top) / frame.height) * 100}%`;
      mark.style.width = `${(box.width / frame.width) * 100}%`;
      mark.style.height = `${(box.height / frame.height) * 100}%`;
      marks.append(mark);
    }
  }
  if (marks.childElementCount) layer.before(marks);
  return marks.firstElementChild;
};

/** Give the text of a page the size that its picture has; and say how much larger than the page that is. */
const fit = (sheet) => {
  const scale = sheet.clientWidth / Number(sheet.dataset.width);
  sheet.style.setProperty("--total-scale-factor", String(scale));
  sheet.style.setProperty("--scale-factor", String(scale));
  return scale;
};

const draw = async (document_, sheet, number) => {
  const page = await document_.getPage(number);
  const plain = page.getViewport({ scale: 1 });
  sheet.style.aspectRatio = `${plain.width} / ${plain.height}`;
  sheet.dataset.width = String(plain.width);
  const viewport = page.getViewport({ scale: fit(sheet) });
  const canvas = document.createElement("canvas");
  const sharp = Math.min(devicePixelRatio || 1, 2);
  canvas.width = Math.floor(viewport.width * sharp);
  canvas.height = Math.floor(viewport.height * sharp);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", say("page", { n: number }));
  sheet.replaceChildren(canvas);
  await page.render({
    canvas,
    viewport,
    transform: sharp === 1 ? null : [sharp, 0, 0, sharp, 0, 0],
    annotationMode: pdfjs.AnnotationMode.ENABLE,
  }).promise;
  const layer = document.createElement("div");
  layer.className = "textLayer";
  sheet.append(layer);
  const text = new pdfjs.TextLayer({
    textContentSource: page.streamTextContent({ includeMarkedContent: true, disableNormalization: true }),
    container: layer,
    viewport,
  });
  await text.render();
  sheet.dataset.drawn = "1";
  return layer;
};

/**
 * Show a PDF.
 * @param {HTMLElement} pane says where the file is, at which page to open, and what to mark there
 * @param {Promise<string>} sentence the sentence of the passage that carried its meaning, or ""
 */
export const showPdf = async (pane, sentence) => {
  const task = pdfjs.getDocument({ url: pane.dataset.url, ...CAREFUL });
  const pdf = await task.promise;
  const first = await pdf.getPage(1);
  const size = first.getViewport({ scale: 1 });
  const opened = Math.min(Math.max(1, Number(pane.dataset.page) || 1), pdf.numPages);
  const sheets = [];
  pane.replaceChildren();
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const figure = document.createElement("figure");
    const sheet = document.createElement("div");
    sheet.className = "sheet-of-paper";
    sheet.id = `sheet-${number}`;
    sheet.style.maxWidth = `${WIDEST}px`;
    sheet.style.aspectRatio = `${size.width} / ${size.height}`;
    const caption = document.createElement("figcaption");
    caption.textContent = say("page", { n: number });
    figure.append(sheet, caption);
    pane.append(figure);
    sheets.push(sheet);
  }
  const text = pane.dataset.text;
  const draws = new Map(); // by number, those seen last at its end
  const inSight = new Set();
  const drawn = (number) => {
    const known = draws.get(number) ?? draw(pdf, sheets[number - 1], number).catch((error) => console.warn(error));
    draws.delete(number);
    draws.set(number, known);
    forget();
    return known;
  };
  /* Of a long document only so many pages stay drawn; those with marks do. */
  const forget = () => {
    for (const number of [...draws.keys()]) {
      if (draws.size <= KEPT) return;
      const sheet = sheets[number - 1];
      if (inSight.has(number) || number === opened || number === opened + 1 || !sheet.dataset.drawn) continue;
      draws.delete(number);
      sheet.replaceChildren();
      delete sheet.dataset.drawn;
      pdf.getPage(number).then((page) => page.cleanup());
    }
  };
  sheets[opened - 1].scrollIntoView({ block: "start" });
  const layer = await drawn(opened);
  let mark = text && layer ? markOn(sheets[opened - 1], layer, text) : null;
  // A passage may go on, or begin, on the next page.
  if (text && opened < pdf.numPages) {
    const next = await drawn(opened + 1);
    const there = next ? markOn(sheets[opened], next, text) : null;
    mark ??= there;
  }
  if (mark) {
    mark.id = "mark";
    mark.scrollIntoView({ block: "center" });
  }
  pane.dataset.ready = mark || !text ? "marked" : "unmarked";
  sentence.then(async (meant) => {
    for (const number of meant && mark ? [opened, opened + 1] : []) {
      const page = number <= pdf.numPages ? await drawn(number) : null;
      if (page && markOn(sheets[number - 1], page, meant, "meant-on-page")) break;
    }
  });
  const sight = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const number = sheets.indexOf(entry.target) + 1;
        inSight[entry.isIntersecting ? "add" : "delete"](number);
        if (entry.isIntersecting) drawn(number);
      }
    },
    { rootMargin: "60% 0%" },
  );
  for (const sheet of sheets) sight.observe(sheet);
  new ResizeObserver(() => {
    for (const number of draws.keys()) if (sheets[number - 1].dataset.width) fit(sheets[number - 1]);
  }).observe(pane);
  return Boolean(mark) || !text;
};
