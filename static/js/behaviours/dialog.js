/** A native dialog: its close button closes it and the focus goes back to the opener by itself. */

/** @param {HTMLElement} element */
export function mount(element) {
  const dialog = /** @type {HTMLDialogElement} */ (element);
  for (const button of dialog.querySelectorAll("[data-closes]")) button.addEventListener("click", () => dialog.close());
  if (dialog.querySelector(".is-invalid, .error-summary")) dialog.showModal();
}
