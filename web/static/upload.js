/* Files dropped on the page, or chosen on it: sent one after another, each with its progress. */

import { parsed, say } from "./common.js";

const line = (list, name) => {
  const item = document.createElement("li");
  const label = document.createElement("bdi");
  const bar = document.createElement("progress");
  const outcome = document.createElement("span");
  label.className = "sent-name";
  label.textContent = name;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  item.append(label, " ", bar, outcome);
  list.append(item);
  return {
    progress: (part) => (bar.value = part),
    end: (text, isKept) => {
      bar.remove();
      outcome.textContent = text;
      item.classList.toggle("wrong", !isKept);
    },
  };
};

/** What the page of a problem says is wrong, in the language of the page. */
const problemIn = (html) => parsed(html).querySelector("main h1 + p")?.textContent || say("fault");

/** Send one file; gives what became of it, in words, and whether it is kept and new. */
const send = (url, file, progress) =>
  new Promise((done) => {
    const form = new FormData();
    form.append("files", file);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => progress(event.loaded / (event.total || 1)));
    request.addEventListener("load", () => {
      try {
        done(JSON.parse(request.responseText).outcomes[0]);
      } catch {
        done({ said: problemIn(request.responseText), kept: false }); // nobody looked at it
      }
    });
    request.addEventListener("error", () => done({ said: say("unreachable"), kept: false }));
    request.send(form);
  });

/** The files in what was dropped; folders are not gone into. */
const filesIn = (transfer) => {
  const items = [...(transfer.items || [])].filter((item) => item.kind === "file");
  if (!items.length) return { files: [...transfer.files], folders: [] };
  const files = [];
  const folders = [];
  for (const item of items) {
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) folders.push(entry.name);
    else if (item.getAsFile()) files.push(item.getAsFile());
  }
  return { files, folders };
};

/**
 * Take files that are dropped on the page or chosen on it.
 * @param {() => void} onKept called when something is new in the folder
 */
export const takeFiles = (onKept) => {
  const place = document.getElementById("uploads");
  if (!place) return;
  const list = document.getElementById("sent");
  const form = place.querySelector("form");
  const box = document.getElementById("files");
  const most = Number(place.dataset.each);
  let waiting = Promise.resolve();
  let queued = 0;
  let depth = 0;

  const sendAll = async (files, folders) => {
    for (const name of folders) line(list, name).end(say("folder"), false);
    const rows = files.map((file) => [file, line(list, file.name)]);
    for (const [file, row] of rows) {
      if (file.size > most) {
        row.end(say("too_large", { n: Math.floor(most / 1e6) }), false);
        continue;
      }
      const outcome = await send(form.action, file, row.progress);
      row.end(outcome.said, outcome.kept);
      if (outcome.new) onKept();
    }
  };
  // What is dropped while files are being sent comes after them, and stands beneath them.
  const queue = (files, folders = []) => {
    if (!files.length && !folders.length) return;
    if (!queued) list.replaceChildren();
    queued += 1;
    waiting = waiting.then(() => sendAll(files, folders)).finally(() => (queued -= 1));
  };

  box.required = false;
  box.addEventListener("change", () => {
    queue([...box.files]);
    box.value = "";
  });
  const holdsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  const mark = (on) => document.body.classList.toggle("dropping", on);
  document.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth += 1;
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (!depth) mark(false);
  });
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark(false);
    const { files, folders } = filesIn(event.dataTransfer);
    queue(files, folders);
  });
};
