/** The book-a-series panel: Ctrl or Cmd with Enter books, and changed wishes ask for new dates by the form's own button. */

/** @param {HTMLElement} element a form */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const find = /** @type {HTMLButtonElement | null} */ (form.querySelector("[data-finds]"));
  const book = /** @type {HTMLButtonElement | null} */ (form.querySelector("[data-books]"));

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !book) return;
    event.preventDefault();
    form.requestSubmit(book);
  });
  form.addEventListener("change", (event) => {
    if (find && event.target instanceof Element && event.target.closest("[data-wish]")) form.requestSubmit(find);
  });
}
