/** Shows the chosen appearance at once and keeps it in the profile without leaving the page. */

/** @param {HTMLElement} element a form with theme buttons */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const data = new FormData(form, button);
    document.documentElement.dataset.bsTheme = button.value;
    for (const each of form.querySelectorAll("button[name=theme]")) each.setAttribute("aria-pressed", String(each === button));
    await fetch(form.action, { method: "POST", body: data, redirect: "manual" }).catch(() => null);
  });
}
