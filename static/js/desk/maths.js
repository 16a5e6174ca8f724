// Mathematics: KaTeX is fetched once, and only when a text has any. Only katex.render is used, which builds elements;
// no markup is parsed, and what KaTeX does not understand stays the source it was.

import { word } from "./page.js";

const DELIMITERS = [["$$", "$$", true], ["\\[", "\\]", true], ["\\(", "\\)", false], ["$", "$", false]];
const OPTIONS = { throwOnError: true, trust: false, maxSize: 20, maxExpand: 200, strict: "ignore", output: "htmlAndMathml" };

let library = null;

function load() {
  library ??= new Promise((resolve, reject) => {
    const base = document.body.dataset.katex;
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${base}katex.min.css` });
    const script = Object.assign(document.createElement("script"), { src: `${base}katex.min.js` });
    script.addEventListener("load", () => resolve(window.katex));
    script.addEventListener("error", () => { library = null; reject(new Error("KaTeX is missing")); });
    document.head.append(sheet, script);
  });
  return library;
}

function formula(source) {
  const [open, close, displayMode] = DELIMITERS.find(([start]) => source.startsWith(start));
  return [source.slice(open.length, source.length - close.length), displayMode];
}

export async function drawMaths(root) {
  const places = root.querySelectorAll(".maths:not([data-drawn])");
  if (!places.length) return;
  let katex;
  try { katex = await load(); } catch { return; }
  for (const place of places) {
    place.dataset.drawn = "yes";
    const source = place.textContent.trim();
    const [tex, displayMode] = formula(source);
    try {
      katex.render(tex, place, { ...OPTIONS, displayMode });
    } catch {
      place.textContent = source;
      place.title = word("maths-failed");
    }
  }
}
