import { Cron } from 'croner';
import fc from 'fast-check';
import { suite, test, type TestContext } from 'node:test';
import { silentLogger } from '../../../base/index.ts';
import { VirtualClock } from '../../../../../../test/kit/virtual-clock.ts';
import { nextAfter, parseExpression, Timetable, zoneOf, type Expression, type Zone } from './index.ts';

const parsed = (text: string): Expression =>
  parseExpression(text) ??
  (() => {
    throw new Error(`not an expression: ${text}`);
  })();
const next = (text: string, after: string, zone = 'UTC'): string | undefined => {
  const atMs = nextAfter(parsed(text), Date.parse(after), { anchorMs: Date.parse(after), zone: zoneOf(zone) as Zone });
  return atMs === undefined ? undefined : new Date(atMs).toISOString().replace(':00.000Z', 'Z');
};

suite('schedule expressions', { timeout: 60_000 }, () => {
  test('cron in the dialect of EventBridge', (t) => {
    for (const [text, after, expected] of [
      ['cron(0 10 * * ? *)', '2026-11-24T10:00:00Z', '2026-11-25T10:00Z'],
      ['cron(15 12 * * ? *)', '2026-11-24T10:00:00Z', '2026-11-24T12:15Z'],
      ['cron(0/5 8-17 ? * MON-FRI *)', '2026-11-27T17:55:00Z', '2026-11-30T08:00Z'],
      ['cron(0 9 ? * 2#1 *)', '2026-11-24T00:00:00Z', '2026-12-07T09:00Z'],
      ['cron(0 9 ? * 6L *)', '2026-11-24T00:00:00Z', '2026-11-27T09:00Z'],
      ['cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', '2026-02-28T00:00Z'],
      ['cron(0 0 1W * ? *)', '2026-07-31T00:00:00Z', '2026-08-03T00:00Z'],
      ['cron(0 0 15W * ? *)', '2026-11-01T00:00:00Z', '2026-11-16T00:00Z'],
      ['cron(0 0 LW * ? *)', '2026-10-30T00:00:00Z', '2026-11-30T00:00Z'],
      ['cron(0 0 29 FEB ? *)', '2026-01-01T00:00:00Z', '2028-02-29T00:00Z'],
      ['cron(0 0 1 1 ? 2030-2031)', '2026-01-01T00:00:00Z', '2030-01-01T00:00Z'],
      ['cron(0 0 1 1 ? 2020)', '2026-01-01T00:00:00Z', undefined],
      ['cron(30-30 13-13 ? * 2,4,6 *)', '2026-11-24T13:31:00Z', '2026-11-25T13:30Z'],
      ['cron(*/15 * * * ? *)', '2026-11-24T13:31:00Z', '2026-11-24T13:45Z'],
    ] as const) {
      t.assert.equal(next(text, after), expected, text);
    }
  });

  test('what is no expression', (t) => {
    for (const text of [
      'cron()',
      'rate()',
      'rate(foo minutes)',
      'rate( 10 minutes )',
      ' rate(10 minutes)',
      'rate(1 minutes)',
      'rate(2 minute)',
      'rate(0 minutes)',
      'rate(-1 minutes)',
      'rate(5 seconds)',
      'at(2021-12-31T23:59:59Z)',
      'at(2021-12-31)',
      'at(2021-02-31T00:00:00)',
      'cron(0 10 * * * *)',
      'cron(0 10 ? * ? *)',
      'cron(60 10 * * ? *)',
      'cron(0 10 * * ?)',
      'cron(0 10 * * ? * *)',
      'cron(0 10 ? * 3#1,6#3 *)',
      'cron(0 10 ? * 8 *)',
      'cron(0 5-2 * * ? *)',
      'every day',
    ]) {
      t.assert.equal(parseExpression(text), undefined, text);
    }
  });

  test('a rate counts from its anchor, wherever it is asked', (t) => {
    t.assert.equal(next('rate(5 minutes)', '2026-11-24T10:02:00Z'), '2026-11-24T10:07Z');
    const anchorMs = Date.parse('2026-11-24T10:02:00Z');
    t.assert.equal(nextAfter(parsed('rate(1 hour)'), anchorMs - 1, { anchorMs }), anchorMs);
    t.assert.equal(nextAfter(parsed('rate(1 hour)'), anchorMs + 7_200_000, { anchorMs }), anchorMs + 3 * 3_600_000);
  });

  test('local times: spring skips, autumn does not repeat', (t) => {
    const berlin = (text: string, after: string) => next(text, after, 'Europe/Berlin');
    t.assert.equal(berlin('cron(30 2 * * ? *)', '2026-03-28T12:00:00Z'), '2026-03-30T00:30Z');
    t.assert.equal(berlin('cron(30 2 * * ? *)', '2026-10-24T12:00:00Z'), '2026-10-25T00:30Z');
    t.assert.equal(berlin('cron(30 2 * * ? *)', '2026-10-25T00:30:00Z'), '2026-10-26T01:30Z');
    t.assert.equal(berlin('at(2026-07-01T09:00:00)', '2026-01-01T00:00:00Z'), '2026-07-01T07:00Z');
    t.assert.equal(next('cron(0 9 * * ? *)', '2026-11-24T00:00:00Z', 'Asia/Kolkata'), '2026-11-24T03:30Z');
    t.assert.equal(zoneOf('Mars/Olympus'), undefined);
  });

  const minute = fc.integer({ min: 0, max: 59 });
  const hour = fc.integer({ min: 0, max: 23 });
  const moment = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) });
  const zones = fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia');

  test('the next run is after the moment asked for, on a minute that fits, with none in between', (t: TestContext) => {
    const field = (value: fc.Arbitrary<number>) =>
      fc.oneof(
        fc.constant('*'),
        value.map(String),
        fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      );
    fc.assert(
      fc.property(field(minute), field(hour), moment, zones, (minutes, hours, afterMs, name) => {
        const zone = zoneOf(name) as Zone;
        const expression = parsed(`cron(${minutes} ${hours} * * ? *)`);
        const found = nextAfter(expression, afterMs, { anchorMs: 0, zone }) ?? 0;
        const fits = (atMs: number): boolean => {
          const local = new Date(atMs + zone.offsetMs(atMs));
          return (
            expression.kind === 'cron' &&
            expression.minutes.has(local.getUTCMinutes()) &&
            expression.hours.has(local.getUTCHours())
          );
        };
        t.assert.ok(found > afterMs && found % 60_000 === 0 && fits(found));
        // The repeated hour of autumn counts once, so look for gaps only where no clock changes.
        if (zone.offsetMs(afterMs) !== zone.offsetMs(found)) return;
        for (let atMs = (Math.floor(afterMs / 60_000) + 1) * 60_000; atMs < found; atMs += 60_000)
          t.assert.ok(!fits(atMs) || zone.offsetMs(atMs) !== zone.offsetMs(found));
      }),
      { numRuns: 60 },
    );
  });

  test('where the dialects agree, another implementation agrees', (t) => {
    const days = fc.integer({ min: 1, max: 28 });
    fc.assert(
      fc.property(minute, hour, days, moment, (m, h, day, afterMs) => {
        const other = new Cron(`${m} ${h} ${day} * *`, { timezone: 'UTC' }).nextRun(new Date(afterMs))?.getTime();
        t.assert.equal(nextAfter(parsed(`cron(${m} ${h} ${day} * ? *)`), afterMs, { anchorMs: 0 }), other);
      }),
      { numRuns: 60 },
    );
  });
});

suite('the timetable', { timeout: 60_000 }, () => {
  test('fires each key when it is due, and forgets what was unset', async (t) => {
    const clock = new VirtualClock({ epochMs: 0 });
    const fired: string[] = [];
    const fire = async (key: string): Promise<void> => void fired.push(`${key}@${clock.now()}`);
    await using table = new Timetable({ clock, log: silentLogger, fire });
    table.set('b', { atMs: 2000, slotMs: 2000 });
    table.set('a', { atMs: 1000, slotMs: 1000 });
    table.set('gone', { atMs: 1500, slotMs: 1500 });
    table.set('gone', undefined);
    table.set('b', { atMs: 90_000, slotMs: 90_000 });
    await clock.advance(100_000);
    t.assert.deepEqual(fired, ['a@1000', 'b@90000']);
  });

  test('a key that fails is tried again; a past date fires once', async (t) => {
    const clock = new VirtualClock({ epochMs: 1_000_000 });
    let attempts = 0;
    const fire = (): Promise<void> => ((attempts += 1) === 1 ? Promise.reject(new Error('disk')) : Promise.resolve());
    await using table = new Timetable({ clock, log: silentLogger, fire });
    table.set('a', { atMs: 5, slotMs: 5 });
    await clock.advance(60_000);
    t.assert.equal(attempts, 2);
  });
});
