/** What is chosen is shown at once; another view starts with its own dates. */

/** @param {HTMLElement} element */
export function mount(element) {
  if (!(element instanceof HTMLFormElement)) return;
  element.querySelector("button")?.setAttribute("hidden", "");
  element.addEventListener("change", (event) => {
    const view = event.target instanceof HTMLSelectElement && event.target.name === "view";
    for (const dates of element.querySelectorAll("select")) dates.disabled = view && dates.name !== "view";
    element.submit();
  });
}
