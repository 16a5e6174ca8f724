// Thresholds that are dragged on their histogram: by pointer, or with the arrow keys on the focused picture.
// The field beside it says what counts; the server then says what the threshold does.

const WIDTH = 720;

function read(chart) {
  const counts = chart.dataset.counts.split(",").map(Number);
  const low = Number(chart.dataset.low);
  const high = Number(chart.dataset.high);
  return { counts, low, high, total: counts.reduce((sum, one) => sum + one, 0) };
}

// How many values lie above the place, taking those of a bin as spread evenly in it.
function above(found, value) {
  const width = (found.high - found.low) / found.counts.length || 1;
  return found.counts.reduce((sum, count, bin) => {
    const left = found.low + bin * width;
    const share = Math.min(Math.max((left + width - value) / width, 0), 1);
    return sum + count * share;
  }, 0);
}

function fieldValue(chart, found, value) {
  if (chart.dataset.drags === "value") return round(value);
  const share = found.total ? (100 * above(found, value)) / found.total : 0;
  return round(chart.dataset.drags === "above" ? share : 100 - share, 2);
}

function round(value, digits = 4) {
  return Number(value.toPrecision(Math.max(digits, 4)));
}

function draw(chart, value) {
  const found = read(chart);
  const at = Math.min(Math.max(value, found.low), found.high);
  const x = ((at - found.low) / (found.high - found.low || 1)) * WIDTH;
  let line = chart.querySelector(".threshold");
  if (!line) {
    line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    line.setAttribute("class", "threshold");
    line.setAttribute("y1", "0");
    line.setAttribute("y2", "150");
    chart.append(line);
  }
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
  chart.setAttribute("aria-valuenow", at);
  const cuts = chart.dataset.side === "above";
  for (const bar of chart.querySelectorAll("rect")) {
    const middle = Number(bar.getAttribute("x")) + Number(bar.getAttribute("width")) / 2;
    bar.setAttribute("class", (cuts ? middle > x : middle < x) ? "cut" : "kept");
  }
  const beyond = Math.round(cuts ? above(found, at) : found.total - above(found, at));
  const result = chart.closest(".step-result");
  const said = result?.querySelector("[data-threshold]");
  if (said) said.textContent = round(at);
  const dropped = result?.querySelector("[data-dropped]");
  if (dropped) dropped.textContent = `≈ ${beyond}`;
  const kept = result?.querySelector("[data-kept]");
  if (kept) kept.textContent = `≈ ${found.total - beyond}`;
  return fieldValue(chart, found, at);
}

function write(chart, value) {
  const field = document.getElementsByName(chart.dataset.histogram)[0];
  if (!field) return;
  const bounded = Math.min(Math.max(value, field.min === "" ? value : Number(field.min)), field.max === "" ? value : Number(field.max));
  field.value = field.step === "1" ? Math.round(bounded) : bounded;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function valueAt(chart, event) {
  const box = chart.getBoundingClientRect();
  const found = read(chart);
  const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  return found.low + share * (found.high - found.low);
}

let dragged = null;

document.addEventListener("pointerdown", (event) => {
  const chart = event.target.closest?.("[data-histogram]");
  if (!chart || event.button !== 0) return;
  dragged = { chart, value: draw(chart, valueAt(chart, event)) };
  chart.setPointerCapture(event.pointerId);
  chart.focus({ preventScroll: true });
  event.preventDefault();
});

document.addEventListener("pointermove", (event) => {
  if (dragged) dragged.value = draw(dragged.chart, valueAt(dragged.chart, event));
});

for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => {
    if (!dragged) return;
    const { chart, value } = dragged;
    dragged = null;
    write(chart, value);
  });
}

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
let waiting = 0;

document.addEventListener("keydown", (event) => {
  const chart = event.target.closest?.("[data-histogram]");
  if (!chart || event.altKey || event.ctrlKey || event.metaKey) return;
  const found = read(chart);
  const now = Number(chart.getAttribute("aria-valuenow"));
  let next = null;
  if (event.key in STEPS) next = now + (STEPS[event.key] * (found.high - found.low)) / 100;
  if (event.key === "Home") next = found.low;
  if (event.key === "End") next = found.high;
  if (next === null) return;
  event.preventDefault();
  const value = draw(chart, next);
  clearTimeout(waiting);
  waiting = setTimeout(() => write(chart, value), 250);
});

// The results come back as new elements: the hand stays where it was.
let focused = "";
document.addEventListener("htmx:beforeRequest", () => {
  focused = document.activeElement?.dataset?.histogram ?? "";
});
document.addEventListener("htmx:afterSettle", () => {
  if (!focused || document.activeElement?.dataset?.histogram) return;
  const chart = [...document.querySelectorAll("[data-histogram]")].find((one) => one.dataset.histogram === focused);
  if (chart && (document.activeElement === document.body || document.activeElement === null)) chart.focus({ preventScroll: true });
});
