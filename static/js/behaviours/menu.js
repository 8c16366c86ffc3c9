/** A details menu that Escape and a click elsewhere close. */

/** @param {HTMLElement} element */
export function mount(element) {
  const menu = /** @type {HTMLDetailsElement} */ (element);
  document.addEventListener("click", (event) => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
}
