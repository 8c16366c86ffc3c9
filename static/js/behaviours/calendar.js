/**
 * Draws the week from JSON beside the server's table, which stays the way without scripts.
 * Data: `data-week` = JSON with {date, view, locale, firstDay, from, to, resources, events}.
 * An event: {id, start, end, title, detail, kind, resourceId, url, movable, version, clinician}; times are the clinic's
 * wall clock.
 */
import { moves } from "./calendar_moves.js";

/**
 * @typedef {{id: string, start: string, end: string, title: string, detail: string, kind: string, resourceId?: string, url?: string, movable: boolean, version: number, clinician: string}} Visit
 * @typedef {{date: string, view?: string, by?: string, locale?: string, firstDay?: number, from: string, to: string, resources?: {id: string, title: string}[], events: Visit[]}} Week
 */

/** @param {HTMLElement} element */
export async function mount(element) {
  if (!element.dataset.week) return;
  const week = /** @type {Week} */ (JSON.parse(element.dataset.week));
  const { create } = await import("../../vendor/event-calendar.js");
  const { onto, ...moving } = moves(element, week.by === "room", week.locale ?? document.documentElement.lang);
  const calendar = create(element, { ...options(week), ...moving });
  onto?.(calendar);
  const table = document.getElementById(element.dataset.replaces ?? "");
  table?.classList.add("replaced");
  makeReadable(element);
  new MutationObserver(() => makeReadable(element)).observe(element, { childList: true, subtree: true });
}

/** @param {Week} week */
function options(week) {
  return {
    view: week.view ?? (week.resources?.length ? "resourceTimeGridDay" : "timeGridWeek"),
    date: week.date,
    locale: week.locale ?? document.documentElement.lang,
    firstDay: week.firstDay ?? 1,
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false,
    slotDuration: "00:15",
    slotLabelInterval: "01:00",
    slotHeight: 18,
    slotMinTime: week.from,
    slotMaxTime: week.to,
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
    longPressDelay: 350,
    nowIndicator: true,
    resources: week.resources ?? [],
    events: week.events.map(shown),
    eventContent: ({ event }) => ({ domNodes: content(event) }),
    eventClick: ({ event }) => {
      if (event.extendedProps.url) window.location.assign(event.extendedProps.url);
    },
  };
}

/** @param {Visit} visit */
function shown(visit) {
  return {
    id: visit.id,
    start: visit.start,
    end: visit.end,
    title: visit.title,
    resourceIds: visit.resourceId ? [visit.resourceId] : [],
    classNames: [visit.kind],
    startEditable: visit.movable,
    extendedProps: { detail: visit.detail, url: visit.url, version: visit.version, clinician: visit.clinician },
  };
}

/** @param {{title: string, extendedProps: {detail: string, url?: string}}} event */
function content(event) {
  const name = document.createElement(event.extendedProps.url ? "a" : "b");
  if (name instanceof HTMLAnchorElement) name.href = event.extendedProps.url ?? "";
  name.textContent = event.title;
  // The browser would drag the link instead of the visit.
  name.draggable = false;
  const detail = document.createElement("span");
  detail.textContent = event.extendedProps.detail;
  return [name, detail];
}

/** The library's table roles are incomplete; without them a screen reader reads a group of links. @param {HTMLElement} root */
function makeReadable(root) {
  for (const part of root.querySelectorAll("[role]:not(button)")) part.removeAttribute("role");
  for (const card of root.querySelectorAll("article[tabindex]")) card.removeAttribute("tabindex");
  for (const part of root.querySelectorAll("[aria-colindex], [aria-rowindex]")) {
    part.removeAttribute("aria-colindex");
    part.removeAttribute("aria-rowindex");
  }
  if (root.getAttribute("role") !== "group") root.setAttribute("role", "group");
}
