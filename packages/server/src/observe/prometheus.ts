/** Names and values of one time series. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface Gauge {
  readonly name: string;
  readonly help: string;
  /** Asked when somebody reads the metrics. */
  read(): readonly Sample[] | number;
}

const escaped = (text: string): string => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

const labelled = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** The head of a metric family in the text exposition format. */
export const family = (name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string =>
  `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}\n`;

export const sample = (name: string, labels: Labels, value: number): string => `${name}${labelled(labels)} ${value}\n`;

export function gaugeText(gauge: Gauge): string {
  const values = gauge.read();
  const samples = typeof values === 'number' ? [{ labels: {}, value: values }] : values;
  return family(gauge.name, 'gauge', gauge.help) + samples.map(({ labels, value }) => sample(gauge.name, labels, value)).join('');
}
