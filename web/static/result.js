/* What can be done with a result: why it is there, passages like it, links, citations, thumbs. */

import { fragment, say } from "./common.js";
import { inUnits, wrap } from "./spans.js";

/** Mark, in all results on show, the sentence and the words that carry the meaning. */
export const markMeanings = async (answer, query, mode, signal) => {
  const items = [...answer.querySelectorAll(".results > li[data-passage]:not([data-meant])")];
  if (!items.length) return;
  const asked = new URLSearchParams({ q: query });
  if (mode) asked.set("mode", mode);
  asked.set("passages", items.map((item) => item.dataset.passage).join(","));
  const response = await fetch("/api/v1/meanings?" + asked, { signal });
  if (!response.ok) return;
  const { meanings } = await response.json();
  for (const item of items) {
    item.dataset.meant = "1";
    const meaning = meanings[item.dataset.passage];
    const text = item.querySelector(".text");
    if (!meaning?.sentence || !text) continue;
    const whole = text.textContent;
    const { start, end } = meaning.sentence;
    wrap(text, inUnits(whole, start), inUnits(whole, end), "meant", say("meant"));
  }
};

const copied = async (button, text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = button.textContent;
  button.textContent = say("copied");
  setTimeout(() => (button.textContent = before), 1500);
};

const said = (sentence) => {
  const line = document.createElement("p");
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  return line;
};

/** Say something beneath the tools of a result, in place of what was said there before. */
const tell = (item, sentence) => {
  const tools = item.querySelector(".tools");
  tools.querySelector("[role=alert]")?.remove();
  tools.append(said(sentence));
};

const judge = async (button, query) => {
  const item = button.closest("li");
  const pressed = button.getAttribute("aria-pressed") === "true";
  const response = await fetch("/api/v1/judgements", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      q: query,
      passage_id: Number(item.dataset.passage),
      relevance: pressed ? null : Number(button.dataset.judge),
    }),
  }).catch(() => null);
  if (!response?.ok) {
    tell(item, say("refused"));
    return;
  }
  item.querySelector(".tools [role=alert]")?.remove();
  for (const other of item.querySelectorAll("[data-judge]")) other.setAttribute("aria-pressed", "false");
  if (!pressed) button.setAttribute("aria-pressed", "true");
};

/** A fragment, or a sentence that says why there is none. */
const fragmentOr = async (url) => {
  try {
    const found = await fragment(url);
    if (found) return [found, true];
  } catch {
    return [said(say("unreachable")), false];
  }
  return [said(say("fault")), false];
};

const showAlike = async (link) => {
  const tools = link.closest(".tools");
  const shown = tools.nextElementSibling;
  if (shown?.classList.contains("alike-panel")) {
    shown.remove();
    link.setAttribute("aria-expanded", "false");
    return;
  }
  const [found] = await fragmentOr(link.getAttribute("href") + "?fragment=1");
  const panel = document.createElement("div");
  panel.className = "alike-panel";
  panel.append(found);
  tools.after(panel);
  link.setAttribute("aria-expanded", "true");
};

/** Let the results in an element do what they can. */
export const enliven = (answer, query) => {
  answer.addEventListener(
    "toggle",
    async (event) => {
      const details = event.target;
      if (!details.open || !details.dataset.load) return;
      const url = details.dataset.load;
      delete details.dataset.load;
      const [found, isThere] = await fragmentOr(url);
      if (!isThere) details.dataset.load = url; // opened again, it asks again
      details.querySelector("div").replaceChildren(found);
    },
    true,
  );
  answer.addEventListener("click", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    const button = event.target.closest("button");
    const link = event.target.closest("a.alike");
    if (link && plain) {
      event.preventDefault();
      showAlike(link);
    } else if (button?.dataset.copy === "link") {
      copied(button, button.closest("li").querySelector("h3 a").href);
    } else if (button?.dataset.copy === "citation") {
      copied(button, button.dataset.text);
    } else if (button?.dataset.judge) judge(button, query());
  });
};
