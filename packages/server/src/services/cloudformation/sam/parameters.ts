import { asMap, isMap, own, type Fields } from './values.ts';

/** What SAM knows when it must know a value: parameters, as given or by default, and where it is. */
export function parameterValues(template: Fields, values: Fields, region: string, partition: string): Fields {
  const declared = asMap(template['Parameters']);
  const defaults = Object.entries(declared).flatMap(([name, parameter]) =>
    isMap(parameter) && parameter['Default'] !== undefined ? [[name, parameter['Default']] as const] : [],
  );
  const own = Object.entries(values).filter(([name]) => !name.startsWith('AWS::'));
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(own), 'AWS::Region': region, 'AWS::Partition': partition };
}

/** The value with each `Ref` to a parameter, and each `${parameter}` of a `Fn::Sub`, replaced by what it stands for. */
export function resolved(value: unknown, parameters: Fields): unknown {
  if (Array.isArray(value)) return value.map((each) => resolved(each, parameters));
  if (!isMap(value)) return value;
  const name = value['Ref'];
  if (typeof name === 'string' && Object.keys(value).length === 1) return own(parameters, name) ?? value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === 'Fn::Sub' ? substituted(each, parameters) : resolved(each, parameters),
    ]),
  );
}

function substituted(value: unknown, parameters: Fields): unknown {
  if (Array.isArray(value))
    return [substituted(value[0], parameters), ...value.slice(1).map((each) => resolved(each, parameters))];
  if (typeof value !== 'string') return value;
  return value.replace(/\$\{([^!.}]+)\}/g, (whole, name: string) => {
    const found = own(parameters, name);
    return typeof found === 'string' || typeof found === 'number' ? String(found) : whole;
  });
}
