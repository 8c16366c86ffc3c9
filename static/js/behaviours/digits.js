/**
 * A digit chooses that picture or chip of the group in focus, Y, N and U the chip of that answer; one of several boxes
 * is only ticked, one of a kind is an answer. The buttons themselves need no script.
 */

/** @type {Record<string, string>} */
const KEYS = { y: "yes", n: "no", u: "unknown" };

/** @param {HTMLElement} element a form */
export function mount(element) {
  element.addEventListener("keydown", (event) => {
    const group = event.target instanceof Element ? event.target.closest(".pictures, .chips") : null;
    if (!group || event.ctrlKey || event.metaKey || event.altKey) return;
    const boxes = /** @type {HTMLInputElement[]} */ ([...group.querySelectorAll("input")]);
    const box = /^[1-9]$/.test(event.key)
      ? boxes[Number(event.key) - 1]
      : boxes.find((each) => each.value === KEYS[event.key.toLowerCase()]);
    if (!box) return;
    event.preventDefault();
    box.focus();
    if (box.type === "checkbox" || !box.checked) box.click();
    if (box.type === "radio") box.dispatchEvent(new CustomEvent("answered", { bubbles: true }));
  });
}
