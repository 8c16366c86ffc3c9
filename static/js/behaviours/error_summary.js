/** The summary of a refused form takes the focus, and its links put it into the field. */

/** @param {HTMLElement} element */
export function mount(element) {
  element.focus();
  element.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    const field = link && document.getElementById(link.getAttribute("href")?.slice(1) ?? "");
    if (!(field instanceof HTMLElement)) return;
    event.preventDefault();
    field.focus();
    field.scrollIntoView({ block: "center" });
  });
}
