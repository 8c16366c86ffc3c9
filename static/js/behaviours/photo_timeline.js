/** The large photograph is the one that is chosen on the line; arrow keys go along it, as in any group of radios. */

/** @param {HTMLElement} element */
export function mount(element) {
  const large = element.querySelector("[data-large]");
  const when = element.querySelector("[data-when]");
  element.addEventListener("change", (event) => {
    const chosen = event.target;
    if (!(chosen instanceof HTMLInputElement) || !(large instanceof HTMLImageElement)) return;
    large.src = chosen.dataset.address ?? "";
    large.alt = chosen.dataset.named ?? "";
    if (when) when.textContent = chosen.closest("label")?.querySelector("[data-words]")?.textContent ?? "";
  });
}
