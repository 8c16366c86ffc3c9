/**
 * Dragging a visit: where it may not begin is shaded while it is held, with the reason; a legal drop asks once more.
 * On the grid: `data-dialog` = id of the dialog that moves, `data-barred` and `data-move` = addresses with 0 for the
 * visit, `data-screen` = the screen that must not draw itself again meanwhile.
 */

/**
 * @typedef {{lane: string, start: string, end: string, reason: string}} Barred
 * @typedef {{id: string, start: Date, end: Date, title: string, resourceIds: string[], extendedProps: {clinician: string, room: string, version: number}}} Shown
 * @typedef {{event: Shown, oldEvent: Shown, newResource?: {id: string}, revert: () => void}} Drop
 */

const SHADE = "barred-";

/** @param {HTMLElement} element @param {boolean} byRoom @param {string} locale */
export function moves(element, byRoom, locale) {
  const dialog = document.getElementById(element.dataset.dialog ?? "");
  if (!(dialog instanceof HTMLDialogElement)) return { editable: false };
  /** @type {any} */
  let calendar;
  /** @type {Promise<Barred[]>} */
  let asked = Promise.resolve([]);
  const letGo = () => {
    hold(element, false);
    asked.then((stretches) => stretches.forEach((_, place) => calendar.removeEventById(`${SHADE}${place}`)));
  };

  return {
    editable: true,
    eventDurationEditable: false,
    snapDuration: "00:15",
    /** @param {any} made */
    onto: (made) => (calendar = made),
    /** @param {{event: Shown}} info */
    eventDragStart: ({ event }) => {
      hold(element, true);
      asked = barred(element, event);
      asked.then((stretches) => stretches.forEach((each, place) => calendar.addEvent(shade(each, place))));
      window.addEventListener("pointercancel", letGo, { once: true });
    },
    eventDragStop: letGo,
    /** @param {Drop} drop */
    eventDrop: async (drop) => {
      const lane = drop.newResource?.id ?? drop.event.resourceIds[0] ?? "";
      const reason = why(await asked, drop.event.start, lane);
      // Not before the drop: a line that comes or goes would move the grid under the pointer.
      refuse(element, reason);
      if (reason) drop.revert();
      else ask(element, dialog, drop, byRoom ? { room: lane } : { clinician: lane }, locale);
    },
  };
}

/** @param {HTMLElement} element @param {Shown} event @returns {Promise<Barred[]>} */
async function barred(element, event) {
  const url = (element.dataset.barred ?? "").replace("/0/", `/${event.id}/`);
  const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  return answer?.ok ? (await answer.json()).barred : [];
}

/** @param {Barred} stretch @param {number} place */
function shade({ lane, start, end, reason }, place) {
  const resourceIds = lane ? [lane] : [];
  return { id: `${SHADE}${place}`, start, end, title: reason, display: "background", classNames: ["barred"], resourceIds };
}

/** @param {Barred[]} stretches @param {Date} start @param {string} lane */
function why(stretches, start, lane) {
  const at = local(start);
  return stretches.find((each) => each.start <= at && at < each.end && (!each.lane || each.lane === lane))?.reason ?? "";
}

/** @param {HTMLElement} element @param {HTMLDialogElement} dialog @param {Drop} drop @param {{room?: string, clinician?: string}} lane @param {string} locale */
function ask(element, dialog, drop, lane, locale) {
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const [on, at] = local(drop.event.start).split("T");
  const { clinician, version } = drop.event.extendedProps;
  const said = { on, at: at.slice(0, 5), clinician, room: "", version: String(version), ...lane };
  for (const [name, value] of Object.entries(said)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value;
  }
  form.action = (element.dataset.move ?? "").replace("/0/", `/${drop.event.id}/`);
  const words = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  tell(dialog, "[data-who]", drop.event.title);
  tell(dialog, "[data-was]", words.format(drop.oldEvent.start));
  tell(dialog, "[data-will]", words.format(drop.event.start));
  hold(element, true);
  dialog.addEventListener("close", () => (hold(element, false), drop.revert()), { once: true });
  dialog.showModal();
}

/** @param {ParentNode} root @param {string} selector @param {string} text */
function tell(root, selector, text) {
  const place = root.querySelector(selector);
  if (place) place.textContent = text;
}

/** @param {HTMLElement} element @param {string} reason */
function refuse(element, reason) {
  const line = document.getElementById(`${element.dataset.screen}-refused`);
  if (!line) return;
  line.textContent = reason;
  line.hidden = !reason;
}

/** @param {HTMLElement} element @param {boolean} held */
function hold(element, held) {
  const screen = document.getElementById(element.dataset.screen ?? "");
  if (screen) screen.toggleAttribute("data-dragging", held);
}

/** The wall clock of a date as the server writes it. @param {Date} moment */
function local(moment) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}:00`;
}
