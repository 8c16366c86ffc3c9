/**
 * A session that ends under a draft loses nothing: what is typed waits in this tab, for the same person alone, until
 * the page opens again after signing in, and is then saved. `data-who` is the person, `data-sign-in` the way back.
 */
import { fill } from "../questions.js";

const KEY = "draft";
// What the server gives with each answer, not what somebody typed.
const OWN = new Set(["csrfmiddlewaretoken", "was", "action", "still", "theirs"]);

/** @param {HTMLFormElement} form */
function typed(form) {
  /** @type {Record<string, string[]>} */
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (!OWN.has(name) && typeof value === "string" && value) (values[name] ??= []).push(value);
  }
  return values;
}

/** @param {HTMLElement} element the form of the draft, or of a page that follows it */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  const { who, signIn } = form.dataset;
  if (!who || !signIn) return;

  if (kept?.path === location.pathname && kept.who === who) {
    const { version: seen, ...answers } = kept.values;
    const { version, ...now } = typed(form);
    if (JSON.stringify(answers) !== JSON.stringify(now)) {
      // The version comes along: what somebody else saved meanwhile is compared, never overwritten.
      fill(form, answers);
      const field = form.querySelector("[name=version]");
      if (field instanceof HTMLInputElement) field.value = seen?.[0] ?? version?.[0] ?? "";
      // Once every other behaviour listens, and htmx with them.
      setTimeout(() => form.dispatchEvent(new Event("change", { bubbles: true })));
    }
  }

  const keep = () => sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, who, values: typed(form) }));
  form.addEventListener("submit", () => {
    // What is taken over from somebody else is not what was typed here.
    if (!form.querySelector("[name=theirs]:checked")) keep();
  });
  form.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (new URL(detail.xhr.responseURL, location.href).pathname !== new URL(signIn, location.href).pathname) return;
    event.preventDefault();
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    keep();
    const note = form.querySelector("[data-signed-out]");
    if (note instanceof HTMLElement) note.hidden = false;
  });
}
