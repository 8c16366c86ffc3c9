/** A digit chooses that picture of the grades in focus. The radio buttons themselves need no script. */

/** @param {HTMLElement} element a form */
export function mount(element) {
  element.addEventListener("keydown", (event) => {
    const pictures = event.target instanceof Element ? event.target.closest(".pictures") : null;
    if (!pictures || !/^[1-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    const radio = pictures.querySelectorAll("input")[Number(event.key) - 1];
    if (!radio) return;
    event.preventDefault();
    radio.focus();
    if (!radio.checked) radio.click();
  });
}
