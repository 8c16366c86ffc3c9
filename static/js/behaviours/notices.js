/** Toasts go after six seconds, unless they tell of an error, the pointer rests on them or the focus is inside. */
const SHOWN_MS = 6000;

/** @param {HTMLElement} element */
export function mount(element) {
  element.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-dismisses]")) event.target.closest(".toast")?.remove();
  });
  const watch = () => {
    for (const toast of element.querySelectorAll(".toast:not(.error, [data-timed])")) leaveLater(/** @type {HTMLElement} */ (toast));
  };
  new MutationObserver(watch).observe(element, { childList: true });
  watch();
}

/** @param {HTMLElement} toast */
function leaveLater(toast) {
  toast.dataset.timed = "";
  setTimeout(() => (toast.matches(":hover, :focus-within") ? leaveLater(toast) : toast.remove()), SHOWN_MS);
}
