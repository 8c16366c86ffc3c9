/** Saving one form of a page keeps what is typed in the others: for that one step, in this tab, and then forgotten. */
const KEY = "typed";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** @param {HTMLFormElement} form @returns {Control[]} */
function controls(form) {
  return /** @type {Control[]} */ (
    [...form.elements].filter((each) => each.matches("select, textarea, input:not([type=hidden])"))
  );
}

/** @param {Control} control */
function changed(control) {
  if (control instanceof HTMLSelectElement) {
    return [...control.options].some((option) => option.selected !== option.defaultSelected);
  }
  if (control instanceof HTMLInputElement && /^(radio|checkbox)$/.test(control.type)) {
    return control.checked !== control.defaultChecked;
  }
  return control.value !== control.defaultValue;
}

/** @param {Control} control @param {Record<string, string[]>} kept */
function fill(control, kept) {
  const values = kept[control.name] ?? [];
  if (control instanceof HTMLInputElement && /^(radio|checkbox)$/.test(control.type)) {
    control.checked = values.includes(control.value);
  } else if (values.length) {
    control.value = values[0];
  }
}

/** @param {HTMLFormElement} form */
function typed(form) {
  /** @type {Record<string, string[]>} */
  const values = {};
  const names = new Set(controls(form).map((control) => control.name));
  for (const [name, value] of new FormData(form)) {
    if (names.has(name) && typeof value === "string") (values[name] ??= []).push(value);
  }
  return values;
}

/** @param {HTMLElement} element */
export function mount(element) {
  const forms = /** @type {HTMLFormElement[]} */ ([...element.querySelectorAll("form[id]")]);
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  if (kept?.path === location.pathname) forms.filter((form) => form.id in kept.forms).forEach(restore);

  /** @param {HTMLFormElement} form */
  function restore(form) {
    if ("typed" in form.dataset) return;
    controls(form).forEach((control) => fill(control, kept.forms[form.id]));
    form.dataset.typed = "";
    form.closest("details")?.setAttribute("open", "");
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  element.addEventListener("submit", (event) => {
    const others = forms.filter((form) => form !== event.target);
    const dirty = others.filter((form) => "typed" in form.dataset || controls(form).some(changed));
    if (!dirty.length) return;
    const values = Object.fromEntries(dirty.map((form) => [form.id, typed(form)]));
    sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, forms: values }));
  });
}
