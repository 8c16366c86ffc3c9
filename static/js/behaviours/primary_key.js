/** Ctrl and Enter press the primary button of the form, wherever the focus is in the page. */

/** @param {HTMLElement} element a form with one primary button */
export function mount(element) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat || !element.isConnected) return;
    const button = element.querySelector(".btn-primary[type=submit]");
    if (!(button instanceof HTMLButtonElement) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    button.click();
  });
}
