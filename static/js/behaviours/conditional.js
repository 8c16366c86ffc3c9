/**
 * Shows a question only while it applies: `data-when` holds alternatives, each a list of conditions on other answers.
 * What has an answer of its own stays in sight; what was known before (`data-known`) only goes once it certainly does
 * not apply. Without scripts every question is shown.
 */

import { answered } from "../questions.js";

/** @typedef {{input: string, any: string[], none: string[]}} Condition */

/** @param {HTMLElement} element a form */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);
  const rows = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-when]")]);

  const show = () => {
    const given = new FormData(form);
    /** @param {Condition} condition @param {boolean} unless_known what holds while the other answer is not known */
    const holds = ({ input, any, none }, unless_known) => {
      const answers = given.getAll(input).filter((answer) => answer && answer !== "unknown");
      if (!answers.length) return unless_known;
      if (answers.some((answer) => none.includes(String(answer)))) return false;
      return !any.length || answers.some((answer) => any.includes(String(answer)));
    };
    for (const row of rows) {
      /** @type {Condition[][]} */
      const alternatives = JSON.parse(row.dataset.when ?? "[]");
      const known = "known" in row.dataset;
      row.hidden = !alternatives.some((all) => all.every((each) => holds(each, known))) && !answered(row);
    }
  };

  form.addEventListener("input", show);
  form.addEventListener("change", show);
  show();
}
