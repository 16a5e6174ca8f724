// The quiet timer, and the heartbeat that keeps an item for who still reads it.

import { announce, desk, form, word } from "./page.js";
import { post } from "./post.js";

const EVERY = 60_000;
// Asked for early: an item is not painted in the last seconds of its lease.
const MARGIN = 5_000;

// The end of a lease by two clocks of this computer: one may stand still while it sleeps, the other may be set.
function ends(seconds) {
  return { wall: Date.now() + seconds * 1000, running: performance.now() + seconds * 1000 };
}

export function stamp(node) {
  node.lease = ends(Number(node.dataset.seconds));
  return node;
}

export function millisecondsLeft(node) {
  if (!node?.lease) return 0;
  return Math.min(node.lease.wall - Date.now(), node.lease.running - performance.now());
}

export const isFresh = (node) => millisecondsLeft(node) > MARGIN;

// Resolves to whether the item is still kept for this person; null when nobody could say.
export async function renew(node) {
  const here = node?.querySelector("form.verdict");
  if (!here) return null;
  const { outcome, reply } = await post(here.dataset.heartbeat, { lease_token: here.elements.lease_token.value });
  if (outcome === "ok") {
    const { seconds } = await reply.json();
    node.lease = ends(seconds);
    return true;
  }
  return outcome === "lost" ? false : null;
}

export async function beat() {
  const here = form();
  if (!here || here.dataset.sent || document.hidden) return;
  if (await renew(desk()) === false && form() === here) announce(word("lease-lost"), "warn");
  tick();
}

export function tick() {
  const line = desk()?.querySelector("[data-lease]");
  if (!line) return;
  const minutes = Math.ceil(millisecondsLeft(desk()) / 60_000);
  line.textContent = minutes > 0 ? word("lease-left", { n: minutes }) : word("lease-over");
}

export function startLease() {
  tick();
  window.setInterval(beat, EVERY);
  window.setInterval(tick, 15_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
}
