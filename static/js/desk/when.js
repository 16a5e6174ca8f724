// Questions that are asked only after certain answers: hidden and disabled until then, so that neither eye nor form
// meets them. Where both questions speak of each response, each response decides for itself.

import { form } from "./page.js";

function said(question) {
  const words = new Map();
  for (const control of question.querySelectorAll("input:checked, option:checked")) {
    const side = control.closest("[data-side]")?.dataset.side ?? "";
    for (const word of (control.dataset.means ?? "").split(" ")) if (word) words.set(side, [...(words.get(side) ?? []), word]);
  }
  return words;
}

function meets(words, wanted, side) {
  const told = words.has("") || !side ? [...words.values()].flat() : words.get(side) ?? [];
  return told.some((word) => wanted.includes(word));
}

function show(part, asked) {
  part.hidden = !asked;
  for (const control of part.querySelectorAll("input, select, textarea")) control.disabled = !asked;
}

export function askWhatIsAsked() {
  const here = form();
  if (!here) return;
  for (const question of here.querySelectorAll("[data-when-question]")) {
    const other = here.querySelector(`[data-question="${CSS.escape(question.dataset.whenQuestion)}"]`);
    if (!other) continue;
    const wanted = question.dataset.whenAnyOf.split(" ");
    const words = other.hidden ? new Map() : said(other);
    const groups = [...question.querySelectorAll("[data-side]:not([data-side] [data-side])")];
    let any = false;
    for (const group of groups) {
      const asked = meets(words, wanted, group.dataset.side);
      show(group, asked);
      any ||= asked;
    }
    if (groups.length) question.hidden = !any;
    else show(question, meets(words, wanted, ""));
  }
}

document.addEventListener("change", (event) => { if (form()?.contains(event.target)) askWhatIsAsked(); });
