/* The page of a document: its real pages, where it is near the question, and the way from hit to hit. */

import { isWriting, say } from "./common.js";
import { markText } from "./find.js";

const article = document.getElementById("text");
const pane = document.getElementById("pages");
const aside = document.querySelector(".about");

const notice = (sentence) => {
  const line = document.createElement("p");
  line.className = "notice";
  line.setAttribute("role", "status");
  line.textContent = sentence;
  aside.append(line);
};

/* The sentence of the passage that carries the meaning, or "" */
const meant = (async () => {
  const query = new URLSearchParams(location.search).get("q");
  const number = article?.dataset.passage;
  const whole = article?.dataset.passageText;
  if (!query || !number || !whole) return "";
  const response = await fetch("/api/v1/meanings?" + new URLSearchParams({ q: query, passages: number }));
  if (!response.ok) return "";
  const { sentence } = (await response.json()).meanings[number] ?? {};
  return sentence ? [...whole].slice(sentence.start, sentence.end).join("") : "";
})().catch((error) => {
  console.warn(error);
  return "";
});

/* A PDF */
if (pane) {
  import("./pdf.js")
    .then(({ showPdf }) => showPdf(pane, meant))
    .then((isMarked) => {
      if (!isMarked) notice(say("not_marked"));
    })
    .catch((error) => {
      console.warn(error);
      document.body.classList.remove("of-pages");
      pane.remove();
      notice(say("no_pdf"));
      document.getElementById("passage")?.scrollIntoView({ block: "center" });
    });
} else {
  document.getElementById("passage")?.focus({ preventScroll: true });
}

/* In the pages of a PDF a heading is where its page begins. */
if (pane) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".contents a[data-page]");
    const sheet = link && document.getElementById(`sheet-${link.dataset.page}`);
    if (!sheet || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    sheet.scrollIntoView({ block: "start" });
    history.replaceState(null, "", `#${sheet.id}`);
  });
}

/* The same in the text of the document */
const markMeaning = async () => {
  const sentence = await meant;
  if (sentence && document.querySelector(".passage")) markText(article, sentence, "meant", say("meant"));
};

/* How near each passage is, along the edge; of very many the nearest, as there are only so many pixels. */
const MOST_ON_STRIP = 2000;
const nearestOf = (near) => {
  if (near.length <= MOST_ON_STRIP) return near;
  const least = near.map((one) => one.cosine).sort((a, b) => b - a)[MOST_ON_STRIP - 1];
  return near.filter((one) => one.cosine >= least).slice(0, MOST_ON_STRIP);
};

const drawStrip = async () => {
  if (!article?.dataset.nearness) return;
  const response = await fetch(article.dataset.nearness);
  if (!response.ok) return;
  const all = await response.json();
  const near = nearestOf(all.map((one, at) => ({ ...one, n: at + 1 })));
  const length = Number(article.dataset.length);
  if (near.length < 2 || !length) return;
  const cosines = near.map((one) => one.cosine);
  const most = Math.max(...cosines);
  const least = Math.min(...cosines);
  const strip = document.createElement("nav");
  strip.className = "strip";
  strip.setAttribute("aria-label", article.dataset.strip);
  const here = new URLSearchParams(location.search).get("start");
  for (const one of near) {
    const link = document.createElement("a");
    link.href = one.url;
    link.tabIndex = -1;
    link.title = say("near", { n: one.n, cosine: one.cosine.toFixed(2) });
    link.setAttribute("aria-label", link.title);
    link.style.top = `${(one.start / length) * 100}%`;
    link.style.height = `${Math.max(0.4, ((one.end - one.start) / length) * 100)}%`;
    link.style.setProperty("--near", String(most > least ? (one.cosine - least) / (most - least) : 0.5));
    if (one.near) link.classList.add("is-near");
    if (String(one.start) === here) link.setAttribute("aria-current", "true");
    strip.append(link);
  }
  document.body.append(strip);
};

/* From hit to hit */
const hits = [...document.querySelectorAll("#answers a")];
const at = hits.findIndex((link) => link.getAttribute("aria-current"));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    const back = document.querySelector(".back a");
    if (back) location.href = back.href;
    return;
  }
  if (event.key !== "n" && event.key !== "p") return;
  const next = at < 0 ? hits[0] : hits[at + (event.key === "n" ? 1 : -1)];
  if (next) location.href = next.href;
});

for (const part of [markMeaning, drawStrip]) part().catch((error) => console.warn(error));
