import { derivedId } from '../../kit/index.ts';
import type { PolicyRecord } from '../records.ts';
import { documents } from './documents.ts';

const arnPrefix = 'arn:aws:iam::aws:policy';
/** AWS's policies are older than any server of ours; clients only need that the date does not change. */
const createdAt = Date.UTC(2015, 1, 6, 18, 40);

const byArn = new Map<string, PolicyRecord>(
  Object.entries(documents).map(([place, statements]) => {
    const arn = `${arnPrefix}/${place}`;
    const cut = place.lastIndexOf('/') + 1;
    const document = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    return [
      arn,
      {
        name: place.slice(cut),
        path: `/${place.slice(0, cut)}`,
        id: derivedId('ANPA', arn),
        arn,
        createdAt,
        updatedAt: createdAt,
        tags: {},
        versions: [{ id: 'v1', document, createdAt }],
        defaultVersion: 'v1',
        lastVersion: 1,
      },
    ];
  }),
);

/** The policy of AWS with this ARN, of those that are shipped. */
export const managedPolicy = (arn: string): PolicyRecord | undefined => byArn.get(arn);

export const managedPolicies = (): readonly PolicyRecord[] => [...byArn.values()];
