/** A field that hand scanners type into: it keeps the separator that browsers drop, and is ready wherever the focus was. */
const SEPARATOR = "\u241d";

/** @param {HTMLElement} element an input */
export function mount(element) {
  if (!(element instanceof HTMLInputElement)) return;
  element.addEventListener("keydown", (event) => {
    // Scanners send the group separator as Ctrl and ], which types nothing.
    if (event.key !== "]" || !event.ctrlKey) return;
    event.preventDefault();
    element.setRangeText(SEPARATOR, element.selectionStart ?? 0, element.selectionEnd ?? 0, "end");
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (typing && event.target === document.body && element.isConnected) element.focus();
  });
}
