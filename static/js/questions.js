/** The question rows of a form: which is answered, which waits for an answer, and where the focus goes next. */

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** @param {Element} row @returns {Control[]} */
function controls(row) {
  return /** @type {Control[]} */ ([...row.querySelectorAll("input:not([type=hidden]), select, textarea")]);
}

/** @param {Element} row */
export function answered(row) {
  return controls(row).some((control) =>
    control instanceof HTMLInputElement && /^(radio|checkbox)$/.test(control.type)
      ? control.checked && control.value !== ""
      : control.value !== "",
  );
}

/** Puts values into the fields of these names. @param {HTMLFormElement} form @param {Record<string, string[]>} values */
export function fill(form, values) {
  for (const control of controls(form)) {
    const given = values[control.name];
    if (!given) continue;
    if (control instanceof HTMLInputElement && /^(radio|checkbox)$/.test(control.type)) control.checked = given.includes(control.value);
    else control.value = given[0] ?? "";
  }
}

/** @param {HTMLFormElement} form @returns {HTMLElement[]} */
function open(form) {
  const rows = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-question]")]);
  const visible = rows.filter((row) => row.offsetParent);
  const settled = new Set(visible.filter(answered).map((row) => row.dataset.needed));
  return visible.filter((row) =>
    !answered(row) && (row.classList.contains("ask") || (row.dataset.needed && !settled.has(row.dataset.needed))),
  );
}

/** Focuses the next open question after this element, or the first one of all. @param {HTMLFormElement} form @param {Element} from */
export function goOn(form, from) {
  const left = open(form).filter((row) => !row.contains(from));
  const next = left.find((row) => from.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING) ?? left[0];
  const control = next && (next.querySelector("input:checked") ?? controls(next)[0]);
  if (!(control instanceof HTMLElement)) return;
  control.focus({ preventScroll: true });
  next.scrollIntoView({ block: "center" });
}
