// Time spent = the gaps between signs of life, each at most as long as reading this item could take.

import { form } from "./page.js";

// Reading speed that bounds how long a pause may count: 15 characters a second, and half a minute to think.
const READS = 15;
const THINKS = 30;

let reading = null;

export function beginReading() {
  const here = form();
  if (!here) { reading = null; return; }
  // An item that was put aside and is shown again goes on where it was.
  reading = {
    seconds: Number(here.elements.seconds.value) || 0,
    since: performance.now(),
    most: THINKS + Number(here.dataset.characters) / READS,
  };
}

export function alive() {
  if (!reading) return;
  const now = performance.now();
  reading.seconds += Math.min((now - reading.since) / 1000, reading.most);
  reading.since = now;
  const field = form()?.elements.seconds;
  if (field) field.value = reading.seconds.toFixed(1);
}

for (const sign of ["keydown", "pointerdown", "scroll", "pointermove"]) {
  document.addEventListener(sign, alive, { passive: true, capture: true });
}
