/** An answer given by its key leads on to the next open question, and so does Enter in a field. Tab visits them all. */
import { goOn } from "../questions.js";

/** @param {HTMLElement} element a form of question rows */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);

  form.addEventListener("answered", (event) => goOn(form, /** @type {Element} */ (event.target)));

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement)) return;
    event.preventDefault();
    goOn(form, event.target);
  });
}
