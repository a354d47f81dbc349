// When a task is due, and how often it comes back, in the words of whoever looks.
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const DAY = 86_400_000;
const clock = (options) => new Date().toLocaleString("sv-SE", options); // 2026-03-01 09:30:00

export const today = () => clock().slice(0, 10);
export const tomorrow = () => new Date(Date.parse(today()) + DAY).toISOString().slice(0, 10);

export function dueWords({ due_date, due_time, due_time_zone }) {
  const elsewhere = due_time_zone !== zone && due_time_zone;
  return [dayWords(due_date), due_time?.slice(0, 5), elsewhere].filter(Boolean).join(" ");
}

function dayWords(day) {
  const away = (Date.parse(day) - Date.parse(today())) / DAY;
  if (Math.abs(away) < 2) return { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[away];
  const isNear = away > 0 && away < 7;
  const inYear = { day: "numeric", month: "short", ...(Math.abs(away) > 180 && { year: "numeric" }) };
  const options = isNear ? { weekday: "long" } : inYear;
  return new Date(day).toLocaleDateString("en-GB", { timeZone: "UTC", ...options });
}

// A day is over at its end, a time when the clock there has passed it.
export function isOverdue({ completed, due_date, due_time, due_time_zone }) {
  if (completed || !due_date) return false;
  return `${due_date} ${due_time ?? "24"}` < clock({ timeZone: due_time_zone ?? zone });
}

export const RECURRENCES = new Map([
  ["", "Never"],
  ["FREQ=DAILY", "Every day"],
  ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "On weekdays"],
  ["FREQ=WEEKLY", "Every week"],
  ["FREQ=MONTHLY", "Every month"],
  ["FREQ=YEARLY", "Every year"],
]);

export const recurrenceWords = (rule) => RECURRENCES.get(rule) ?? rule;

// The name of an occurrence: so that pressing twice completes it once.
export const occurrenceOf = ({ recurrence, due_date, due_time }) =>
  recurrence ? [due_date, due_time].filter(Boolean).join("T") : undefined;
