export { DueDates } from './dates.ts';
export { nextAfter, parseExpression, type Expression } from './expression.ts';
export { Timetable, type Due } from './timetable.ts';
export { zoneOf, type Zone } from './zone.ts';
