/** Y, N and U answer the question that has the focus, and say so by the event `answered`. The buttons need no script. */

/** @type {Record<string, string>} */
const KEYS = { y: "yes", n: "no", u: "unknown" };

/** @param {HTMLElement} element a group of radio buttons */
export function mount(element) {
  element.addEventListener("keydown", (event) => {
    const answer = KEYS[event.key.toLowerCase()];
    if (!answer || event.ctrlKey || event.metaKey || event.altKey) return;
    const radio = element.querySelector(`[data-answer="${answer}"] input`);
    if (!(radio instanceof HTMLInputElement)) return;
    event.preventDefault();
    radio.focus();
    if (!radio.checked) radio.click();
    radio.dispatchEvent(new CustomEvent("answered", { bubbles: true }));
  });
}
