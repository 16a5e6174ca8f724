// Pictures large, one at a time: by click, by Enter on a picture, and at the desk by a key. The arrows turn through all
// that are shown, so that two responses can be laid over each other in the same place.

const dialog = () => document.getElementById("lightbox");
const pictures = () => [...document.querySelectorAll("a[data-picture]")];

let shown = null;

function show(link) {
  const all = pictures();
  const small = link.querySelector("img");
  const large = document.createElement("img");
  large.src = link.href;
  large.alt = small.alt;
  large.referrerPolicy = "no-referrer";
  const of = link.closest("[data-side], [data-pictures-of]");
  const owner = of?.dataset.picturesOf ?? of?.getAttribute("aria-label");
  const box = dialog();
  box.querySelector("[data-lightbox-title]").textContent = [owner, small.alt].filter(Boolean).join(" · ");
  box.querySelector("[data-lightbox-place]").textContent = `${all.indexOf(link) + 1} / ${all.length}`;
  box.querySelector(".lightbox-body").replaceChildren(large);
  for (const button of box.querySelectorAll("[data-turn]")) button.disabled = all.length < 2;
  shown = link;
  if (!box.open) box.showModal();
}

function turn(by) {
  const all = pictures();
  show(all[(all.indexOf(shown) + by + all.length) % all.length]);
}

// The first picture of the response in hand, else the first of all; says whether there was one.
export function openPictures() {
  const hand = document.activeElement?.closest("[data-side]");
  const link = hand?.querySelector("a[data-picture]") ?? pictures()[0];
  if (link) show(link);
  return Boolean(link);
}

// Fetch what a page that waits will show, so that it is there when the page is painted.
export function fetchPictures(node) {
  for (const small of node.querySelectorAll("a[data-picture] img")) new Image().src = small.src;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-picture]");
  if (link && dialog() && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    show(link);
  }
  const button = event.target.closest("#lightbox [data-turn]");
  if (button) turn(Number(button.dataset.turn));
});

document.addEventListener("keydown", (event) => {
  if (!dialog()?.open || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  turn(event.key === "ArrowRight" ? 1 : -1);
});
