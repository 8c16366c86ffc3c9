/**
 * Keeps a draft: posts the form to `data-url` a moment after the last change and says so at `[data-saved-text]`.
 * Texts come from the page: `data-saving`, `data-saved`, `data-failed`. Nothing typed is ever replaced.
 */
const QUIET_MS = 800;

/** @param {HTMLElement} element a form */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const { url, saving, saved, failed } = form.dataset;
  const sign = document.querySelector("[data-saved]");
  const text = sign?.querySelector("[data-saved-text]");
  if (!url || !(sign instanceof HTMLElement) || !text) return;

  /** @type {number | undefined} */
  let waiting;
  let latest = 0;

  /** @param {string} state @param {string | undefined} words */
  const say = (state, words) => {
    sign.dataset.state = state;
    text.textContent = words ?? "";
  };

  const save = async () => {
    const mine = ++latest;
    say("saving", saving);
    try {
      const answer = await fetch(url, { method: "POST", body: new FormData(form), headers: { "X-Draft": "1" } });
      if (mine !== latest) return;
      const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
      if (answer.ok) say("saved", `${saved} ${time}`);
      else say("failed", failed);
    } catch {
      if (mine === latest) say("failed", failed);
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, QUIET_MS);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
}
