import { dayOf } from '../../test/kit/day.ts';
import { play, type DayUnderPatience } from '../../test/kit/keep-alive.ts';
import { fixedPatience, learningPatience } from '../../packages/server/src/invoke/index.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';

const idleMs = 600_000;

/** Played, not run: one environment for each function, calls take no time, memory is never short. */
export const keepAlive: Scenario = {
  name: 'keep-alive',
  about: 'a day of 1,000 functions: cold starts and idle time by habit, against ten minutes for everybody',
  run({ quick }) {
    const days = Array.from({ length: quick ? 3 : 20 }, (_, seed) => dayOf(seed + 1));
    const learned = days.map((day) => play(day, learningPatience({ idleMs })));
    const fixed = days.map((day) => play(day, fixedPatience({ idleMs })));
    const compared = (name: string, unit: Result['unit'], of: (day: DayUnderPatience) => number): Result => {
      const ratios = learned.map((day, at) => of(day) / of(fixed[at]!));
      return {
        name,
        unit,
        ratio: median(ratios),
        ratios,
        system: summary(learned.map(of)),
        baseline: summary(fixed.map(of)),
        baselineName: 'ten minutes',
        notes: `${days.length} days from seeds 1 to ${days.length}`,
      };
    };
    return Promise.resolve([
      compared('cold starts of a day', 'starts', ({ cold }) => cold),
      compared('idle time of environments', 'hours', ({ idleHours }) => idleHours),
      {
        name: 'starts ahead of a day',
        unit: 'starts' as const,
        system: summary(learned.map(({ startsAhead }) => startsAhead)),
      },
    ]);
  },
};
