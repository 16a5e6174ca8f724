// The keys that answer questions, wherever they are answered. What none of them takes goes to ``press``.

import { onKey } from "./keys.js";
import { rankingKeys } from "./ranking.js";
import { answer, move, quick } from "./rows.js";
import { spanKeys } from "./spans.js";

export function onAnswerKeys(press = () => false) {
  onKey(spanKeys);
  onKey(rankingKeys);
  onKey((key, event) => {
    if (event.altKey || event.ctrlKey) return false;
    if (key === "ArrowDown" || key === "ArrowUp") return move(key === "ArrowDown" ? 1 : -1);
    if (event.shiftKey && /^[a-z]$/.test(key)) return false;
    return key.length === 1 && (answer(key) || quick(key) || press(key));
  });
}
