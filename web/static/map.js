/* The corpus map: dots on a canvas, to be moved, enlarged and drawn around. */
import { isWriting, say } from "./common.js";

const SCALE = 1000;
const CELLS = 64;
const COLOURS = 12; // groups beyond share the last colour
const NEAR = 10; // pixels from a dot within which it is meant
const MOST_CORNERS = 60;
const STRAIGHT = 3; // corners nearer to the line between their neighbours are left out
const MARGIN = 24;
const ROUND = 5000; // squares are quicker for more dots than that

const canvas = document.getElementById("map");
const context = canvas.getContext("2d");
const tip = document.getElementById("map-tip");
const status = document.getElementById("map-status");
const legend = document.getElementById("map-legend");
const chosen = document.getElementById("map-chosen");
const searchLink = document.getElementById("map-search");
const lassoButton = document.getElementById("map-lasso");
const box = document.getElementById("q");

let map = null;
let grid = [];
let labels = [];
let groups = []; // the dots of each group, in the present colouring
let hidden = new Set();
let hits = new Map(); // place on the map by number of the document
let query = null;
let lasso = [];
let view = { x: 0, y: 0, zoom: 1 };
let width = 0;
let height = 0;
let due = false;
let colours = [];
let inks = {};

const text = async (url, signal) => {
  const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(say("fault"));
  return response.json();
};

// From the map's thousandths to pixels of the canvas, and back.
const span = () => Math.max(1, Math.min(width, height * 1.6) / 2 - MARGIN);
const stretch = () => Math.max(1, height / 2 - MARGIN);
const toX = (x) => width / 2 + ((x - view.x) / SCALE) * span() * view.zoom;
const toY = (y) => height / 2 - ((y - view.y) / SCALE) * stretch() * view.zoom;
const fromX = (x) => ((x - width / 2) / (span() * view.zoom)) * SCALE + view.x;
const fromY = (y) => ((height / 2 - y) / (stretch() * view.zoom)) * SCALE + view.y;

const readColours = () => {
  colours = [...document.querySelectorAll("#map-colours i")].map(
    (item) => getComputedStyle(item).color,
  );
  inks = { font: getComputedStyle(document.documentElement).getPropertyValue("--sans") };
  // A canvas takes colours alone, not a choice of two.
  const probe = document.getElementById("map-colours");
  for (const name of ["ink", "accent", "paper", "raised"]) {
    probe.style.color = `var(--${name})`;
    inks[name] = getComputedStyle(probe).color;
  }
};

const colourOf = (group) => Math.min(group, COLOURS);

const draw = () => {
  due = false;
  const dots = window.devicePixelRatio || 1;
  context.setTransform(dots, 0, 0, dots, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!map) return;
  const size = Math.min(7, Math.max(2, (260 / Math.sqrt(map.documents.length + 1)) * Math.sqrt(view.zoom)));
  const round = map.documents.length <= ROUND;
  context.globalAlpha = hits.size ? 0.28 : 0.85;
  groups.forEach((dots, group) => {
    if (hidden.has(group)) return;
    context.fillStyle = colours[colourOf(group)];
    context.beginPath();
    for (const at of dots) {
      const x = toX(map.x[at]);
      const y = toY(map.y[at]);
      if (x < -size || y < -size || x > width + size || y > height + size) continue;
      if (round) {
        context.moveTo(x + size / 2, y);
        context.arc(x, y, size / 2, 0, 7);
      } else context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    if (round) context.fill();
  });
  context.globalAlpha = 1;
  if (isBySubject()) labels.forEach(writeLabel); // beneath the hits, which must be seen
  for (const at of hits.values()) {
    context.beginPath();
    context.arc(toX(map.x[at]), toY(map.y[at]), size / 2 + 3, 0, 7);
    context.fillStyle = colours[colourOf(current().of[at])];
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = inks.ink;
    context.stroke();
  }
  if (query) {
    const x = toX(query.x);
    const y = toY(query.y);
    context.beginPath();
    context.arc(x, y, 9, 0, 7);
    context.moveTo(x - 14, y);
    context.lineTo(x + 14, y);
    context.moveTo(x, y - 14);
    context.lineTo(x, y + 14);
    context.lineWidth = 5;
    context.strokeStyle = inks.paper;
    context.stroke();
    context.lineWidth = 2;
    context.strokeStyle = inks.accent;
    context.stroke();
  }
  if (lasso.length > 1) {
    context.beginPath();
    lasso.forEach(([x, y], at) => context[at ? "lineTo" : "moveTo"](toX(x), toY(y)));
    context.closePath();
    context.globalAlpha = 0.12;
    context.fillStyle = inks.accent;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = inks.accent;
    context.stroke();
  }
};

/** Write a group's name where most of it lies. */
const writeLabel = ({ name, x, y }, group) => {
  if (hidden.has(group)) return;
  context.font = `600 13px ${inks.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = inks.raised;
  context.fillStyle = inks.ink;
  const [left, top] = [toX(x), toY(y)];
  const half = context.measureText(name).width / 2 + 4;
  // As long as its place is in sight, all of it is.
  const at = left < 0 || left > width ? left : Math.max(half, Math.min(width - half, left));
  context.strokeText(name, at, top);
  context.fillText(name, at, top);
};

const redraw = () => {
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
};

const resize = () => {
  const dots = window.devicePixelRatio || 1;
  width = canvas.clientWidth;
  height = canvas.clientHeight;
  canvas.width = Math.round(width * dots);
  canvas.height = Math.round(height * dots);
  redraw();
};

const isBySubject = () => document.querySelector("input[name=by]:checked").value === "clusters";
const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const current = () => map[document.querySelector("input[name=by]:checked").value];

const regroup = () => {
  const grouping = current();
  groups = grouping.names.map(() => []);
  grouping.of.forEach((group, at) => groups[group].push(at));
  labels = grouping.names.map((name, group) => ({
    name: name.split(", ").slice(0, 2).join(", "),
    x: middle(groups[group].map((at) => map.x[at])) ?? 0,
    y: middle(groups[group].map((at) => map.y[at])) ?? 0,
  }));
  hidden = new Set();
  legend.replaceChildren(
    ...grouping.names.map((name, group) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      const swatch = document.createElement("i");
      swatch.className = `map-swatch map-colour-${colourOf(group)}`;
      swatch.setAttribute("aria-hidden", "true");
      button.type = "button";
      button.className = "quiet";
      button.setAttribute("aria-pressed", "true");
      button.append(swatch, `${name} (${groups[group].length})`);
      button.addEventListener("click", () => {
        if (!hidden.delete(group)) hidden.add(group);
        button.setAttribute("aria-pressed", String(!hidden.has(group)));
        redraw();
      });
      item.append(button);
      return item;
    }),
  );
  redraw();
};

const cell = (value) =>
  Math.max(0, Math.min(CELLS - 1, Math.floor(((value + SCALE) / (2 * SCALE)) * CELLS)));

const index = () => {
  grid = Array.from({ length: CELLS * CELLS }, () => []);
  map.documents.forEach((_, at) => grid[cell(map.x[at]) * CELLS + cell(map.y[at])].push(at));
};

/** The dot nearest to a place on the canvas, or -1. */
const nearest = (x, y) => {
  let best = -1;
  let least = NEAR;
  const [left, right] = [cell(fromX(x - NEAR)), cell(fromX(x + NEAR))];
  const [low, high] = [cell(fromY(y + NEAR)), cell(fromY(y - NEAR))];
  for (let column = left; column <= right; column += 1)
    for (let row = low; row <= high; row += 1)
      for (const at of grid[column * CELLS + row]) {
        if (hidden.has(current().of[at])) continue;
        const far = Math.hypot(toX(map.x[at]) - x, toY(map.y[at]) - y);
        if (far < least) [best, least] = [at, far];
      }
  return best;
};

const known = new Map();
let asking = 0;
let pointed = -1;

const about = async (at) => {
  const number = map.documents[at];
  if (!known.has(number)) known.set(number, await text(`/api/v1/map/documents/${number}`));
  return known.get(number);
};

const showTip = (at, x, y) => {
  if (at === pointed) return;
  pointed = at;
  clearTimeout(asking);
  canvas.classList.toggle("pointing", at >= 0);
  if (at < 0) {
    tip.hidden = true;
    return;
  }
  asking = setTimeout(async () => {
    try {
      const found = await about(at);
      if (pointed !== at) return;
      const title = document.createElement("strong");
      title.dir = "auto";
      title.textContent = found.title;
      const where = document.createElement("span");
      where.textContent = [found.date, found.path].filter(Boolean).join(" · ");
      tip.replaceChildren(title, where);
      tip.hidden = false;
      tip.style.left = `${Math.max(0, Math.min(x + 12, width - tip.offsetWidth - 4))}px`;
      tip.style.top = `${Math.max(0, Math.min(y + 12, height - tip.offsetHeight - 4))}px`;
    } catch {
      tip.hidden = true;
    }
  }, 40);
};

const zoomAt = (x, y, factor) => {
  const [mapX, mapY] = [fromX(x), fromY(y)];
  view.zoom = Math.max(1, Math.min(200, view.zoom * factor));
  view.x += mapX - fromX(x);
  view.y += mapY - fromY(y);
  if (view.zoom === 1) view = { x: 0, y: 0, zoom: 1 };
  redraw();
};

/** Whether a place lies within the corners; as the server tells it. */
const within = (x, y, corners) => {
  let inside = false;
  corners.forEach(([ax, ay], at) => {
    const [bx, by] = corners[(at + 1) % corners.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
};

const choose = () => {
  const step = Math.ceil(lasso.length / MOST_CORNERS);
  lasso = lasso.filter((_, at) => at % step === 0).map(([x, y]) => [
    Math.max(-SCALE - 1, Math.min(SCALE + 1, Math.round(x))),
    Math.max(-SCALE - 1, Math.min(SCALE + 1, Math.round(y))),
  ]);
  lasso = lasso.filter(([x, y], at) => {
    const [ax, ay] = lasso.at(at - 1);
    const [bx, by] = lasso[(at + 1) % lasso.length];
    return Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) > STRAIGHT * Math.hypot(bx - ax, by - ay);
  });
  const number = lasso.length < 3 ? 0
    : map.documents.filter((_, at) => within(map.x[at], map.y[at], lasso)).length;
  chosen.hidden = number === 0;
  if (number === 0) lasso = [];
  else {
    const area = `area:${map.drawn};${lasso.map((corner) => corner.join(",")).join(";")}`;
    const words = box.value.trim();
    searchLink.href = `/?${new URLSearchParams({ q: words ? `${words} ${area}` : area })}`;
    searchLink.textContent = say(number === 1 ? "map_search_one" : "map_search", { n: number });
  }
  redraw();
};

const setLasso = (on) => {
  lassoButton.setAttribute("aria-pressed", String(on));
  canvas.classList.toggle("lassoing", on);
};
const isLasso = () => lassoButton.getAttribute("aria-pressed") === "true";

let held = null;
canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !map) return;
  canvas.setPointerCapture(event.pointerId);
  const drawing = isLasso() || event.shiftKey;
  held = { x: event.offsetX, y: event.offsetY, moved: false, drawing };
  if (drawing) lasso = [[fromX(event.offsetX), fromY(event.offsetY)]];
});
canvas.addEventListener("pointermove", (event) => {
  if (!map) return;
  const [x, y] = [event.offsetX, event.offsetY];
  if (!held) {
    showTip(nearest(x, y), x, y);
    return;
  }
  if (Math.hypot(x - held.x, y - held.y) > 3) held.moved = true;
  if (!held.moved) return;
  showTip(-1);
  if (held.drawing) lasso.push([fromX(x), fromY(y)]);
  else {
    view.x -= fromX(x) - fromX(held.x);
    view.y -= fromY(y) - fromY(held.y);
    [held.x, held.y] = [x, y];
  }
  redraw();
});
canvas.addEventListener("pointerup", async (event) => {
  const was = held;
  held = null;
  if (!was) return;
  if (was.drawing) choose();
  else if (!was.moved) {
    const at = nearest(event.offsetX, event.offsetY);
    if (at < 0) return;
    try {
      location.href = (await about(at)).url;
    } catch (error) {
      status.textContent = error.message || say("unreachable");
    }
  }
});
canvas.addEventListener("pointercancel", () => {
  held = null;
});
canvas.addEventListener("pointerleave", () => showTip(-1));
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY / 400));
  },
  { passive: false },
);
canvas.addEventListener("keydown", (event) => {
  const step = 150 / view.zoom;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  if (moves[event.key]) {
    view.x += moves[event.key][0];
    view.y += moves[event.key][1];
    redraw();
  } else if (event.key === "+" || event.key === "=") zoomAt(width / 2, height / 2, 1.4);
  else if (event.key === "-") zoomAt(width / 2, height / 2, 1 / 1.4);
  else if (event.key === "0") whole();
  else return;
  event.preventDefault();
});

const whole = () => {
  view = { x: 0, y: 0, zoom: 1 };
  redraw();
};
document.getElementById("map-whole").addEventListener("click", whole);
document.getElementById("map-clear").addEventListener("click", () => {
  lasso = [];
  choose();
});
lassoButton.addEventListener("click", () => setLasso(!isLasso()));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !isWriting(event.target)) {
    setLasso(false);
    lasso = [];
    choose();
  }
});
for (const radio of document.querySelectorAll("input[name=by]")) radio.addEventListener("change", regroup);

let running = null;
const ask = async () => {
  running?.abort();
  const mine = (running = new AbortController());
  const words = box.value.trim();
  hits = new Map();
  query = null;
  redraw();
  if (!words || !map) return;
  const asked = new URLSearchParams({ q: words });
  try {
    const [place, answer] = await Promise.all([
      text(`/api/v1/map/place?${asked}`, mine.signal),
      text(`/api/v1/search?${asked}&k=50`, mine.signal),
    ]);
    const places = new Map(map.documents.map((number, at) => [number, at]));
    for (const hit of answer.hits)
      if (places.has(hit.document_id)) hits.set(hit.document_id, places.get(hit.document_id));
    query = place.x === null ? null : place;
    status.textContent = say("map_found", { n: hits.size });
    redraw();
  } catch (error) {
    if (error.name !== "AbortError") status.textContent = error.message || say("unreachable");
  }
};

document.getElementById("map-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = box.value.trim();
  history.pushState(null, "", words ? `/map?${new URLSearchParams({ q: words })}` : "/map");
  ask();
});
window.addEventListener("popstate", () => {
  box.value = new URLSearchParams(location.search).get("q") ?? "";
  ask();
});

const recolour = () => {
  readColours();
  redraw();
};
new ResizeObserver(resize).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ["data-theme"] });

readColours();
try {
  map = await text("/api/v1/map");
  index();
  regroup();
  resize();
  canvas.dataset.drawn = String(map.documents.length);
  await ask();
} catch (error) {
  status.textContent = error.message || say("unreachable");
}
