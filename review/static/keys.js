// One key a decision. The keys only press the buttons and links that are on the page anyway:
// whatever works here works without scripts too, and nothing here asks the server for anything.
"use strict";

const help = document.querySelector("dialog.help");
const items = [...document.querySelectorAll("[data-item]")];
let at = -1;

function go(number) {
  if (number < 0 || number >= items.length) return;
  at = number;
  items[at].focus({ preventScroll: true });
  items[at].scrollIntoView({ block: "nearest" });
}

function keyOf(event) {
  // Russian and Korean keyboards give other letters; the place of the key is what counts there.
  // Capital letters, with Shift, act on a whole group of reprints; CapsLock makes no difference.
  const letter = event.code.startsWith("Key") ? (/^[a-z]$/i.test(event.key) ? event.key : event.code[3]) : "";
  if (letter) return event.shiftKey ? letter.toUpperCase() : letter.toLowerCase();
  if (event.key === "/" || event.key === "?") return event.key;
  if (event.code === "Slash") return event.shiftKey ? "?" : "/";
  if (event.code === "BracketLeft" || event.code === "BracketRight") return event.code === "BracketLeft" ? "[" : "]";
  return event.key;
}

function press(key) {
  const within = (place) => place && place.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const found = within(items[at]) || [...document.querySelectorAll("[data-key]")].find(
    (one) => one.dataset.key === key && !one.closest("[data-item]"));
  if (!found) return false;
  if (found.matches("input, textarea")) found.focus(); else found.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target;
  if (target.matches("input, select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const key = keyOf(event);
  if (help && (key === "?" || help.open)) {
    if (key === "?" && !help.open) help.showModal();
    else if (key === "?" || key === "Escape") help.close();
    event.preventDefault();
    return;
  }
  // Enter and blank belong to the button or link that has the focus.
  if ((key === "Enter" || key === " ") && target.matches("a, button, summary")) return;
  if (key === "j") go(at + 1);
  else if (key === "k") go(at - 1);
  else if (event.repeat || !press(key)) return; // a key held down moves, but decides only once
  event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  const item = event.target.closest("[data-item]");
  if (item) at = items.indexOf(item);
});

const named = items.findIndex((item) => "#" + item.id === location.hash);
if (named >= 0) go(named);
else if (items.length) items[at = 0].focus({ preventScroll: true });
if (location.hash === "#note") document.getElementById("note")?.focus();
help?.addEventListener("click", (event) => { if (event.target === help) help.close(); });
document.querySelector('a[data-key="?"]')?.addEventListener("click", (event) => {
  if (!help) return;
  event.preventDefault();
  help.showModal();
});

// How long the team works, without people: seconds between signs of life less than a minute apart,
// kept in this tab, sent with the next form that is sent anyway. Off when the operator says so.
if (document.body.hasAttribute("data-minutes")) {
  const kept = "worked";
  let worked = Number(sessionStorage.getItem(kept)) || 0;
  let last = Date.now();
  const live = () => {
    const now = Date.now();
    if (document.visibilityState === "visible" && now - last < 60000) worked += now - last;
    last = now;
  };
  for (const sign of ["keydown", "pointerdown", "pointermove", "wheel", "scroll"])
    document.addEventListener(sign, live, { passive: true, capture: true });
  document.addEventListener("submit", (event) => {
    live();
    if (event.target.method !== "post" || worked < 1000) return;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = kept;
    field.value = Math.floor(worked / 1000);
    event.target.append(field);
    worked %= 1000;
  });
  addEventListener("pagehide", () => { live(); sessionStorage.setItem(kept, Math.round(worked)); });
}
