/** Shows the filled rows of a list and one more; a button with the words of `data-add` shows the next. */

/** @param {HTMLElement} element holds rows marked `[data-row]` */
export function mount(element) {
  const rows = /** @type {HTMLElement[]} */ ([...element.querySelectorAll("[data-row]")]);
  const add = document.createElement("button");
  add.type = "button";
  add.className = "btn btn-quiet btn-sm";
  add.textContent = element.dataset.add ?? "";
  let wanted = 1;

  const show = () => {
    const last = rows.findLastIndex((row) => filled(row));
    wanted = Math.max(wanted, last + 2);
    rows.forEach((row, number) => { row.hidden = number >= wanted; });
    add.hidden = wanted >= rows.length;
  };

  add.addEventListener("click", () => {
    wanted += 1;
    show();
    const control = rows[wanted - 1]?.querySelector("select, input");
    if (control instanceof HTMLElement) control.focus();
  });
  element.addEventListener("input", show);
  element.addEventListener("change", show);
  (element.querySelector("[data-add-here]") ?? element).append(add);
  show();
}

/** @param {HTMLElement} row */
function filled(row) {
  return [...row.querySelectorAll("select, input")].some(
    (control) => "value" in control && control.value !== "" && control.value !== (control instanceof HTMLElement ? control.dataset.usual : ""),
  );
}
