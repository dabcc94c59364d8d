/* Results as you type. Without these scripts the page works as a plain form. */

import { fragment, isWriting, say } from "./common.js";
import { drawMoves } from "./compare.js";
import { enliven, markMeanings } from "./result.js";
import { combobox, remember } from "./suggest.js";

const DEBOUNCE = 150;
const form = document.getElementById("search");

if (form) {
  const box = document.getElementById("q");
  const answer = document.getElementById("answer");
  const status = document.getElementById("status");
  const facets = document.getElementById("facets");

  let timer = 0;
  let running = null;
  // Whether the address on show is one to come back to. What is being typed only replaces itself.
  let settled = true;
  const here = () => location.pathname + location.search;
  let shown = here();

  const parameters = (url) => new URL(url, location).searchParams;

  const address = () => {
    const query = box.value.trim();
    if (!query) return "/";
    const given = new URLSearchParams({ q: query });
    const mode = form.elements.mode.value;
    if (mode && mode !== "hybrid") given.set("mode", mode);
    const now = parameters(here());
    for (const name of ["sort", "view"]) if (now.get(name)) given.set(name, now.get(name));
    return "/?" + given;
  };

  const complain = (sentence) => {
    status.textContent = sentence;
  };

  const isPainted = () =>
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

  /* What may come a moment later: the marks of meaning, the facets, the lines. */
  const complete = async (signal, withFacets) => {
    drawMoves(answer);
    await isPainted();
    performance.mark("wherein-painted");
    const given = parameters(shown);
    const query = given.get("q") || "";
    const later = [];
    if (query && !given.get("view")) later.push(markMeanings(answer, query, given.get("mode"), signal));
    if (withFacets) {
      const asked = new URLSearchParams(given);
      later.push(
        fragment("/facets?" + asked, signal).then((found) => {
          if (!found || signal.aborted) return;
          const open = facets.querySelector("details")?.open ?? false;
          facets.replaceChildren(found);
          const details = facets.querySelector("details");
          if (details) details.open = open;
        }),
      );
    }
    for (const outcome of await Promise.allSettled(later)) {
      if (outcome.status === "rejected" && outcome.reason?.name !== "AbortError") {
        console.warn(outcome.reason);
      }
    }
    if (!signal.aborted) answer.dataset.complete = "true";
  };

  const show = (found, url) => {
    status.textContent = found.firstElementChild.dataset.status;
    answer.replaceChildren(found);
    const query = parameters(url).get("q");
    document.title = (query ? query.slice(0, 80) + " – " : "") + "Wherein";
    document.body.classList.toggle("blank", !query);
  };

  const load = async (url) => {
    clearTimeout(timer);
    running?.abort();
    shown = url;
    const mine = (running = new AbortController());
    answer.setAttribute("aria-busy", "true");
    delete answer.dataset.complete;
    try {
      const found = await fragment(url + (url === "/" ? "?" : "&") + "fragment=1", mine.signal);
      if (mine.signal.aborted) return;
      if (found?.firstElementChild?.matches("section")) {
        show(found, url);
        complete(mine.signal, true);
      } else complain(say("fault"));
    } catch (error) {
      if (error.name === "AbortError") return;
      complain(say("unreachable"));
    }
    if (running === mine) answer.setAttribute("aria-busy", "false");
  };

  const go = (settle, url = address()) => {
    if (url !== here()) history[settled ? "pushState" : "replaceState"](null, "", url);
    settled = settle;
    if (settle) remember(parameters(url).get("q") || "");
    load(url);
  };

  const fill = (url) => {
    const given = parameters(url);
    box.value = given.get("q") || "";
    const mode = given.get("mode") || "hybrid";
    for (const radio of form.elements.mode) radio.checked = radio.value === mode;
  };

  const typed = (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (address() !== here()) go(false);
    }, DEBOUNCE);
  };

  box.addEventListener("input", typed);
  box.addEventListener("compositionend", typed);
  const close = combobox(box, document.getElementById("suggestions"), (text, whole) => {
    if (whole) go(true);
    else typed({ isComposing: false });
  });

  form.addEventListener("change", (event) => {
    if (event.target.name === "mode" && box.value.trim()) go(true);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    close();
    go(true);
  });

  /* Links that only change what is asked stay on the page. */
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a[href^='/?'], a[href='/']");
    if (!link || !link.closest("#answer, #facets")) return;
    event.preventDefault();
    const url = link.getAttribute("href");
    if (link.rel === "next") {
      append(link, url);
      return;
    }
    fill(url);
    settled = true;
    go(true, url);
    if (link.rel === "prev") scrollTo(0, 0);
  });

  /* More results are put beneath those on show; the address then asks for as many at once. */
  const append = async (link, url) => {
    const list = answer.querySelector(".results");
    const mine = (running ??= new AbortController());
    let found = null;
    try {
      found = await fragment(url + "&fragment=1", mine.signal);
    } catch {
      if (!mine.signal.aborted) complain(say("unreachable"));
      return;
    }
    if (mine.signal.aborted) return;
    if (!found?.firstElementChild?.matches("section")) {
      complain(say("fault"));
      return;
    }
    const items = [...found.querySelectorAll(".results > li")];
    const now = parameters(here());
    const many = list.children.length + items.length;
    list.append(...items);
    const next = found.querySelector("a[rel=next]");
    if (next) link.setAttribute("href", next.getAttribute("href"));
    else link.parentElement.remove();
    status.textContent = found.firstElementChild.dataset.status.replace(/^[\d.,]+(?=–)/, "1");
    if (many <= 200 && !now.get("offset")) {
      now.set("k", String(many));
      history.replaceState(null, "", "/?" + now);
      shown = here();
    }
    items[0]?.querySelector("h3 a")?.focus({ preventScroll: true });
    complete(mine.signal, false);
  };

  window.addEventListener("popstate", () => {
    if (here() === shown) return; // only the anchor changed
    fill(here());
    settled = true;
    load(here());
  });

  enliven(answer, () => box.value.trim());
  addEventListener("resize", () => drawMoves(answer));

  /* Arrows walk through the results; Enter opens the one in focus by itself. */
  const step = (by) => {
    const links = [...answer.querySelectorAll(".results > li > h3 a, .compared .title a")];
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? (by > 0 ? 0 : -1) : at + by];
    if (next) {
      next.focus();
      next.closest("li").scrollIntoView({ block: "nearest" });
    } else if (at === 0 && by < 0) {
      box.focus();
      scrollTo(0, 0);
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const inBox = event.target === box;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (inBox ? event.key === "ArrowUp" : isWriting(event.target) || event.target.type === "radio") return;
      if (!inBox && !event.target.closest(".results, .compared, body:not(:focus-within)") && event.target !== document.body) return;
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      if (inBox) {
        event.preventDefault(); // what was typed stays
        box.blur();
      } else if (!document.querySelector("dialog[open]")) {
        box.focus();
        box.select();
      }
    }
  });

  if (parameters(shown).get("q")) {
    remember(parameters(shown).get("q"));
    running = new AbortController();
    complete(running.signal, false);
  }
} else {
  enliven(document.body, () => "");
}
