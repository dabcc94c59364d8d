/* The page of the collection: how runs are getting on, as they go, and files that are dropped on it. */

import { parsed, say } from "./common.js";
import { takeFiles } from "./upload.js";

const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language);
const run = document.getElementById("run");
const told = document.getElementById("run-told");
const said = document.getElementById("run-said");
const share = document.getElementById("run-share");
const button = run.querySelector(".update button");

const AGAIN = 5000; // milliseconds

let source = null;
let timer = 0;
let documents = "";
let elsewhere = false; // whether the run that was told of last was begun elsewhere

/** How long that many seconds are, in a few words. */
const lasting = (seconds) => {
  const unit = seconds < 90 ? "second" : seconds < 5400 ? "minute" : "hour";
  const many = Math.round(seconds / { second: 1, minute: 60, hour: 3600 }[unit]);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(many);
};

/** How far a run has got, in words. */
const wording = (state) => {
  const found = state.run;
  const where = state.elsewhere ? "elsewhere" : "running";
  if (!found) return say(where);
  const parts = [
    say("files_done", { done: number.format(found.done), total: number.format(found.total) }),
    say("passages_done", { done: number.format(found.passages), total: number.format(found.split) }),
  ];
  if (found.seconds !== null) parts.push(say("left", { time: lasting(found.seconds) }));
  return `${say(where)} ${parts.join(" · ")}`;
};

/** Put in place of what is said of the collection what the server has now. */
const renew = async () => {
  const response = await fetch("/collection", { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const fresh = parsed(await response.text());
  for (const selector of [".facts", "#held"]) {
    const old = document.querySelector(`main ${selector}`);
    const now = fresh.querySelector(`main ${selector}`);
    if (old && now) old.replaceWith(now);
  }
};

const show = (state) => {
  const was = run.dataset.running === "true";
  for (const name of ["documents", "passages", "failures"]) {
    document.getElementById(`count-${name}`).textContent = number.format(state[name]);
  }
  run.dataset.running = String(state.running);
  if (button) button.disabled = state.running;
  share.hidden = !state.run;
  if (state.run) share.value = state.run.share;
  if (state.running) {
    told.textContent = wording(state);
    said.textContent = "";
    elsewhere = state.elsewhere;
  } else if (was) {
    // What is known of the end is known of the runs that were begun from here.
    told.textContent = say(state.failed && !elsewhere ? "failed_run" : "done");
    said.textContent = elsewhere ? "" : state.said;
    said.lang = state.language;
  }
  // What was indexed elsewhere between two looks changed the collection too.
  if (was !== state.running || (documents !== "" && documents !== state.documents)) {
    if (!state.running) renew().catch((error) => console.warn(error));
  }
  documents = state.documents;
};

const listen = () => {
  clearTimeout(timer);
  source?.close();
  source = null;
  if (document.hidden) return; // whoever does not look need not be told
  source = new EventSource("/collection/events");
  source.addEventListener("message", (event) => show(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // Turned away by a server that is busy, a browser does not ask again by itself.
    if (source?.readyState === EventSource.CLOSED) timer = setTimeout(listen, AGAIN);
  });
};

document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => source?.close());
takeFiles(listen);
listen();
