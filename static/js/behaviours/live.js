/**
 * The live part of a form has come from the server: `data-live` says which questions are open, what was counted and
 * what is wrong where; the page beside it follows. Headline and count are told to screen readers when they change.
 */

import { answered } from "../questions.js";

// What a screen reader is told comes at most this often; the last of several is the one that is said.
const QUIET_MS = 1000;

/** @param {HTMLElement} element the fragment, inside its form */
export function mount(element) {
  const form = element.closest("form");
  if (!form) return;
  const { open = [], counted = {}, wrong = {}, parts = {}, still = {} } = JSON.parse(element.dataset.live || "{}");

  for (const row of form.querySelectorAll("[data-question]")) {
    const name = row instanceof HTMLElement ? row.dataset.question ?? "" : "";
    row.classList.toggle("ask", open.includes(name));
    row.classList.toggle("answered", answered(row));
    row.classList.remove("wrong");
    const count = row.querySelector("[data-counted]");
    if (count) count.textContent = counted[name] ?? "";
  }
  for (const slot of form.querySelectorAll("[data-problem]")) {
    const name = slot instanceof HTMLElement ? slot.dataset.problem ?? "" : "";
    slot.textContent = wrong[name] ?? "";
    if (name in wrong) slot.closest("[data-question]")?.classList.add("wrong");
    for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      control.classList.toggle("is-invalid", name in wrong);
      if (name in wrong) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }
  for (const [part, left] of Object.entries(parts)) {
    const mark = form.querySelector(`[data-part="${CSS.escape(part)}"] [data-count]`);
    if (!mark) continue;
    mark.className = left ? "st ask" : "st done";
    mark.textContent = left ? String(left) : "✓";
  }
  for (const [card, left] of Object.entries(still)) {
    const button = form.querySelector(`[data-all-still="${CSS.escape(card)}"]`);
    if (!(button instanceof HTMLElement)) continue;
    button.hidden = !left;
    const count = button.querySelector("[data-still-left]");
    if (count) count.textContent = String(left);
  }
  follow(element.querySelector("[data-saved-now]"), form.querySelector("[data-saved] [data-saved-text]"));
  follow(element.querySelector("[data-left-now]"), form.querySelector("[data-left]"));
  form.querySelector("[data-saved]")?.removeAttribute("data-state");
  tell(element.querySelector("[data-said]"), form.querySelector("[role=status]"));

  element.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    const control = document.getElementById(link?.getAttribute("href")?.slice(1) ?? "");
    if (!control) return;
    event.preventDefault();
    control.closest("details")?.setAttribute("open", "");
    control.closest("[data-when]")?.removeAttribute("hidden");
    control.focus({ preventScroll: true });
    control.scrollIntoView({ block: "center" });
  });
}

/** @param {Element | null} from @param {Element | null} to */
function follow(from, to) {
  if (from && to) to.replaceChildren(...[...from.childNodes].map((node) => node.cloneNode(true)));
}

/** @type {WeakMap<HTMLElement, number>} */
const saying = new WeakMap();

/** @param {Element | null} said @param {Element | null} region */
function tell(said, region) {
  const words = said?.textContent?.replace(/\s+/g, " ").trim() ?? "";
  if (!(region instanceof HTMLElement) || region.dataset.told === words) return;
  // What the page opens with is read with the page.
  if (region.dataset.told !== undefined) {
    clearTimeout(saying.get(region));
    saying.set(region, setTimeout(() => { region.textContent = words; }, region.textContent ? QUIET_MS : 0));
  }
  region.dataset.told = words;
}
