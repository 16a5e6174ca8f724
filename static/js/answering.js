// Answers given beside the desk, by the keys of the desk: a check's right answers, a final answer, a change of one's own.

import { showSpans, spanKeys, startSpans } from "./desk/spans.js";
import { on, onKey, startKeys } from "./desk/keys.js";
import { form } from "./desk/page.js";
import { rankingKeys, showRanking, startRanking } from "./desk/ranking.js";
import { answer, move, quick } from "./desk/rows.js";
import { askWhatIsAsked } from "./desk/when.js";

// A control that prints a key of its own is pressed by it.
function press(key) {
  const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  control?.click();
  return Boolean(control);
}

onKey(spanKeys);
onKey(rankingKeys);
onKey((key, event) => {
  if (event.altKey || event.ctrlKey) return false;
  if (key === "ArrowDown" || key === "ArrowUp") return move(key === "ArrowDown" ? 1 : -1);
  if (event.shiftKey && /^[a-z]$/.test(key)) return false;
  return key.length === 1 && (answer(key) || quick(key) || press(key));
});
on("submit", () => form().requestSubmit(form().querySelector("button.primary")));
on("note", () => form().querySelector("textarea[name=reason]")?.focus());

askWhatIsAsked();
startRanking();
startSpans();
startKeys();
showRanking();
showSpans();
