/* Results as you type. Without this script the page works as a plain form. */
(() => {
  "use strict";

  const DEBOUNCE = 150;
  const form = document.getElementById("search");
  const box = document.getElementById("q");
  const answer = document.getElementById("answer");
  const status = document.getElementById("status");

  let timer = 0;
  let running = null;
  // Whether the address on show is one to come back to. What is being typed only replaces itself.
  let settled = true;
  const here = () => location.pathname + location.search;
  let shown = here();

  const address = () => {
    const query = box.value.trim();
    if (!query) return "/";
    const given = new URLSearchParams({ q: query });
    const mode = form.elements.mode.value;
    if (mode && mode !== "hybrid") given.set("mode", mode);
    return "/?" + given;
  };

  const show = (html, url) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    const section = template.content.firstElementChild;
    status.textContent = section.dataset.status;
    answer.replaceChildren(template.content);
    const query = new URL(url, location).searchParams.get("q");
    document.title = (query ? query.slice(0, 80) + " – " : "") + "Wherein";
  };

  const complain = (sentence) => {
    status.textContent = sentence;
  };

  const load = async (url) => {
    clearTimeout(timer);
    running?.abort();
    shown = url;
    const mine = (running = new AbortController());
    answer.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(url + (url === "/" ? "?" : "&") + "fragment=1", {
        signal: mine.signal,
        headers: { Accept: "text/html" },
      });
      const html = await response.text();
      if (mine.signal.aborted) return;
      if (html.startsWith("<section")) show(html, url);
      else complain("The server could not answer; its log says why.");
    } catch (error) {
      if (error.name === "AbortError") return;
      complain("The server cannot be reached. Is it still running?");
    }
    if (running === mine) {
      running = null;
      answer.setAttribute("aria-busy", "false");
    }
  };

  const go = (settle) => {
    const url = address();
    if (url !== here()) history[settled ? "pushState" : "replaceState"](null, "", url);
    settled = settle;
    load(url);
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

  form.addEventListener("change", (event) => {
    if (event.target.name === "mode" && box.value.trim()) go(true);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    go(true);
  });

  window.addEventListener("popstate", () => {
    if (here() === shown) return; // only the anchor changed
    const given = new URLSearchParams(location.search);
    box.value = given.get("q") || "";
    const mode = given.get("mode") || "hybrid";
    for (const radio of form.elements.mode) radio.checked = radio.value === mode;
    settled = true;
    load(here());
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=radio]), textarea, select")) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
})();
