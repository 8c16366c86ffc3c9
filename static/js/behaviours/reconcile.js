/** Adds up each syringe while volumes are typed: drawn up = injected + left over + discarded. The server decides. */

/** @param {string} text mL with point or comma; NaN for what is no volume */
function microlitres(text) {
  const volume = Number(text.trim().replace(",", ".") || "0");
  return volume >= 0 ? Math.round(volume * 1000) : NaN;
}

/** @param {HTMLElement} element a form */
export function mount(element) {
  const rows = /** @type {HTMLElement[]} */ ([...element.querySelectorAll("[data-syringe]")]);
  const words = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 3 });
  const show = (/** @type {HTMLElement} */ row) => {
    const told = /** @type {HTMLInputElement[]} */ ([
      ...element.querySelectorAll(`input[data-of="${CSS.escape(row.dataset.syringe ?? "")}"]`),
    ]);
    const output = /** @type {HTMLOutputElement | null} */ (row.querySelector("output"));
    const sum = told.reduce((total, input) => total + microlitres(input.value), 0);
    const left = microlitres(row.dataset.drawn ?? "") - sum;
    if (!output) return;
    const state = Number.isNaN(left) ? "" : left === 0 ? "even" : left > 0 ? "short" : "over";
    output.textContent = (output.dataset[state] ?? "").replace("{ml}", words.format(Math.abs(left) / 1000));
    output.className = `tag num ${{ even: "ok", short: "warn", over: "bad" }[state] ?? ""}`;
  };
  const showAll = () => rows.forEach(show);
  element.addEventListener("input", showAll);
  showAll();
}
