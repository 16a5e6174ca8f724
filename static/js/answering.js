// Answers given beside the desk, by the keys of the desk: a check's right answers, a final answer, a change of one's own.

import { onAnswerKeys } from "./desk/answers.js";
import { on, startKeys } from "./desk/keys.js";
import { form } from "./desk/page.js";
import { showRanking, startRanking } from "./desk/ranking.js";
import { showSpans, startSpans } from "./desk/spans.js";
import { askWhatIsAsked } from "./desk/when.js";

// A control that prints a key of its own is pressed by it.
function press(key) {
  const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  control?.click();
  return Boolean(control);
}

onAnswerKeys(press);
on("submit", () => form().requestSubmit(form().querySelector("button.primary")));
on("note", () => form().querySelector("textarea[name=reason]")?.focus());

askWhatIsAsked();
startRanking();
startSpans();
startKeys();
showRanking();
showSpans();
