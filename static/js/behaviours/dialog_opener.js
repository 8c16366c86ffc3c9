/** A link or button that shows the dialog named by `data-opens`; a link keeps its address for pages without scripts. */

/** @param {HTMLElement} element */
export function mount(element) {
  element.addEventListener("click", (event) => {
    const dialog = document.getElementById(element.dataset.opens ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    dialog.showModal();
  });
}
