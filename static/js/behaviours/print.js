/** A button that prints the page; without scripts it is not there, as the browser prints by itself. */

/** @param {HTMLElement} element */
export function mount(element) {
  element.hidden = false;
  element.addEventListener("click", () => window.print());
}
