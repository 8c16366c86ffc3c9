/**
 * A draft that htmx saves with each answer: a button waits for a save under way, what is typed and not yet saved
 * is sent when the page is left, and a save that failed is said at `[data-saved]` in the words of `data-failed`.
 */

/** @param {HTMLElement} element a form that posts itself */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  let typed = false;
  let leaving = false;

  const busy = () => form.classList.contains("htmx-request");

  for (const event of ["input", "change"]) form.addEventListener(event, () => { typed = true; });
  form.addEventListener("htmx:beforeRequest", () => { typed = false; });
  for (const event of ["htmx:sendError", "htmx:responseError"]) {
    form.addEventListener(event, () => {
      typed = true;
      // A save may have brought another sign with it.
      const sign = form.querySelector("[data-saved]");
      const text = sign?.querySelector("[data-saved-text]");
      if (!(sign instanceof HTMLElement) || !text) return;
      sign.dataset.state = "failed";
      text.textContent = form.dataset.failed ?? "";
    });
  }

  form.addEventListener("submit", (event) => {
    if (!busy()) {
      leaving = true;
      return;
    }
    event.preventDefault();
    const { submitter } = event;
    const wait = () => {
      if (busy()) setTimeout(wait, 30);
      else form.requestSubmit(submitter);
    };
    wait();
  });

  window.addEventListener("pagehide", () => {
    if (!typed || leaving || !form.hasAttribute("hx-post")) return;
    navigator.sendBeacon(form.getAttribute("hx-post") ?? "", new FormData(form));
  });
}
