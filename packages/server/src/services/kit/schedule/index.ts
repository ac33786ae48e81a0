export { DueDates } from './dates.ts';
export { nextAfter, parseExpression, utc, type Expression } from './expression.ts';
export { Timetable, type Due } from './timetable.ts';
export { fromLocal, toLocal, zoneOf, type Zone } from './zone.ts';
