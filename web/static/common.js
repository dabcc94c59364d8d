/* What every page does: texts, the light switch, the list of keys, small helpers. */

export const texts = JSON.parse(document.body.dataset.texts || "{}");

/** A text of the catalogue with values put in. */
export const say = (name, values = {}) =>
  (texts[name] || name).replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));

/** What this browser remembers; nothing where it may keep nothing. */
export const memory = {
  get(name) {
    try {
      return localStorage.getItem(`wherein.${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(`wherein.${name}`);
      else localStorage.setItem(`wherein.${name}`, value);
    } catch {
      // Then it is forgotten.
    }
  },
};

/** Whether a key was pressed while somebody writes. */
export const isWriting = (target) =>
  target instanceof Element &&
  target.closest("input:not([type=radio]), textarea, select, [contenteditable]") !== null;

/** HTML from this server as nodes. */
export const parsed = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
};

/** Fetch a fragment of HTML; null if the server had none. */
export const fragment = async (url, signal) => {
  const response = await fetch(url, { signal, headers: { Accept: "text/html" } });
  const html = await response.text();
  return response.ok || html.startsWith("<section") ? parsed(html) : null;
};

const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

const switchTheme = () => {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  memory.set("theme", next);
};

document.getElementById("theme")?.addEventListener("click", switchTheme);

const keys = document.getElementById("keys");
const showKeys = () => {
  if (keys && !keys.open) keys.showModal();
};
document.getElementById("show-keys")?.addEventListener("click", showKeys);

document.addEventListener("keydown", (event) => {
  const box = document.getElementById("q");
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (box) {
      box.focus();
      box.select();
    } else location.href = "/";
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    if (box) {
      box.focus();
      box.select();
    } else location.href = "/";
  } else if (event.key === "?") {
    event.preventDefault();
    showKeys();
  }
});
