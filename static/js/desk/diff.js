// Word-level differences of two texts: Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986) on words as
// Unicode has them, so that no accent, emoji or ideograph is cut in two.

const MOST_WORDS = 6_000;
const MOST_EDITS = 3_000;

const words = new Intl.Segmenter(undefined, { granularity: "word" });

// The words and signs of a text, each with the space after it: space alone is no likeness.
export function split(text) {
  const parts = [{ word: "", text: "" }];
  for (const { segment } of words.segment(text)) {
    if (segment.trim()) parts.push({ word: segment, text: segment });
    else parts.at(-1).text += segment;
  }
  return parts;
}

// Two lists of {text, only}: each text in order, `only` where the other has no counterpart. Returns null where the
// texts are too long or too different for a comparison to help a reader.
export function differences(left, right) {
  const a = split(left);
  const b = split(right);
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return null;
  const common = matches(a.map((part) => part.word), b.map((part) => part.word));
  if (!common) return null;
  const marked = (list, has) => join(list.map(({ text }, at) => ({ text, only: !has.has(at) })));
  return [marked(a, new Set(common.map((pair) => pair[0]))), marked(b, new Set(common.map((pair) => pair[1])))];
}

// Neighbours of one sort are one run.
function join(parts) {
  const runs = [];
  for (const { text, only } of parts) {
    if (runs.length && runs.at(-1).only === only) runs.at(-1).text += text;
    else runs.push({ text, only });
  }
  return runs;
}

// The furthest place reached on each diagonal, kept for every number of edits, so that the path can be walked back.
function matches(a, b) {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const reach = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const trace = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.slice(middle - edits - 1, middle + edits + 2));
    for (let line = -edits; line <= edits; line += 2) {
      let x = goesDown(reach, middle, line, edits) ? reach[middle + line + 1] : reach[middle + line - 1] + 1;
      while (x < a.length && x - line < b.length && a[x] === b[x - line]) x++;
      reach[middle + line] = x;
      if (x >= a.length && x - line >= b.length) return walkBack(trace, a.length, b.length);
    }
  }
  return null;
}

function goesDown(reach, middle, line, edits) {
  return line === -edits || (line !== edits && reach[middle + line - 1] < reach[middle + line + 1]);
}

function walkBack(trace, x, y) {
  const pairs = [];
  for (let edits = trace.length - 1; edits > 0; edits--) {
    const reach = trace[edits];
    const middle = edits + 1;
    const line = x - y;
    const before = goesDown(reach, middle, line, edits) ? line + 1 : line - 1;
    const fromX = reach[middle + before];
    const fromY = fromX - before;
    while (x > fromX && y > fromY) pairs.push([--x, --y]);
    x = fromX;
    y = fromY;
  }
  while (x > 0 && y > 0) pairs.push([--x, --y]);
  return pairs.reverse();
}
