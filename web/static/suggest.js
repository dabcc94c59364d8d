/* The box as a combobox: completions from the server, recent searches from this browser alone. */

import { fragment, memory, say } from "./common.js";

const DEBOUNCE = 80;
const RECENT = 20;
const SHOWN = 6;

const recent = () => {
  try {
    const kept = JSON.parse(memory.get("recent") || "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
};

/** Remember a search that somebody meant. */
export const remember = (text) => {
  const tidy = text.trim();
  if (!tidy || tidy.length > 300) return;
  const kept = [tidy, ...recent().filter((one) => one !== tidy)].slice(0, RECENT);
  memory.set("recent", JSON.stringify(kept));
};

const option = (text, kind, id) => {
  const item = document.createElement("li");
  item.id = id;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const what = document.createElement("bdi");
  what.className = "what";
  what.textContent = text;
  const of = document.createElement("span");
  of.className = "kind-of";
  of.textContent = kind;
  item.append(what, " ", of);
  return item;
};

/**
 * Make the box a combobox.
 * @param {HTMLInputElement} box
 * @param {HTMLElement} list
 * @param {(text: string, whole: boolean) => void} take called with the text that was chosen;
 *   whole says whether it is a search of its own rather than a completion.
 */
export const combobox = (box, list, take) => {
  let timer = 0;
  let running = null;
  let chosen = -1;

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll("[role=option]")];

  const close = () => {
    clearTimeout(timer);
    running?.abort();
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };

  const show = (items) => {
    list.replaceChildren(...items);
    chosen = -1;
    box.removeAttribute("aria-activedescendant");
    list.hidden = !options().length;
    box.setAttribute("aria-expanded", String(!list.hidden));
  };

  const choose = (to) => {
    const all = options();
    if (!all.length) return;
    chosen = to < -1 ? all.length - 1 : to >= all.length ? -1 : to;
    all.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    if (chosen >= 0) {
      box.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    } else box.removeAttribute("aria-activedescendant");
  };

  const accept = (item) => {
    if (item.dataset.url) {
      location.href = item.dataset.url;
      return;
    }
    if (item.dataset.forget) {
      memory.set("recent", null);
      close();
      return;
    }
    const text = item.dataset.text;
    box.value = text;
    box.focus();
    close();
    take(text, Boolean(item.dataset.whole));
    if (!item.dataset.whole) look();
  };

  const recentOptions = () => {
    const typed = box.value.trim().toLowerCase();
    const fitting = recent().filter((one) => one !== box.value.trim() && one.toLowerCase().startsWith(typed));
    const items = fitting.slice(0, typed ? 2 : SHOWN).map((one, at) => {
      const item = option(one, say("recent"), `recent-${at}`);
      item.dataset.text = one;
      item.dataset.whole = "1";
      return item;
    });
    if (!typed && items.length) {
      const forget = option(say("forget"), "", "recent-forget");
      forget.dataset.forget = "1";
      forget.classList.add("forget");
      items.push(forget);
    }
    return items;
  };

  const look = async () => {
    running?.abort();
    const mine = (running = new AbortController());
    const text = box.value.slice(0, box.selectionStart ?? box.value.length);
    const own = recentOptions();
    if (!text.trim()) {
      show(own);
      return;
    }
    try {
      const found = await fragment("/suggest?" + new URLSearchParams({ text }), mine.signal);
      if (mine.signal.aborted || document.activeElement !== box) return;
      const rest = box.value.slice(text.length);
      const items = found ? [...found.querySelectorAll("[role=option]")] : [];
      for (const item of items) if (item.dataset.text && rest) item.dataset.text += rest;
      show([...own, ...items]);
    } catch {
      // Suggestions are only an offer; and those asked for since are still to come.
      if (!mine.signal.aborted) close();
    }
  };

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, DEBOUNCE);
  });
  box.addEventListener("pointerdown", () => {
    if (!box.value && list.hidden) look();
  });
  box.addEventListener("blur", () => setTimeout(close, 120));
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) accept(item);
  });

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) {
        if (event.key === "ArrowDown" && event.altKey) {
          event.preventDefault();
          look();
        }
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
      event.preventDefault();
      accept(options()[chosen]);
    } else if (event.key === "Tab" && !list.hidden && chosen >= 0) {
      event.preventDefault();
      accept(options()[chosen]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });

  return close;
};
