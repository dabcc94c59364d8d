/* The page of the collection: how a run is getting on, as it goes. */

import { say } from "./common.js";

const run = document.getElementById("run");

if (run?.dataset.running === "true") {
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const source = new EventSource("/collection/events");
  source.addEventListener("message", (event) => {
    const state = JSON.parse(event.data);
    for (const name of ["documents", "passages", "failures"]) {
      document.getElementById(`count-${name}`).textContent = number.format(state[name]);
    }
    run.textContent = `${say(state.running ? "running" : state.failed ? "failed_run" : "done")} ${state.said}`;
    if (state.running) return;
    source.close();
    run.dataset.running = "false";
    document.querySelector(".update button").disabled = false;
  });
}
