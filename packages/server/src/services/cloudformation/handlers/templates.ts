import type { CloudFormationOperations, Handlers } from '@mayfly/wire';
import { stackOf, type Desk } from '../desk.ts';
import { placeOf } from '../engine/store.ts';
import { invalid } from '../faults.ts';
import { parseTemplate } from '../template/parse.ts';
import { transformsOf } from '../template/process.ts';
import { checkSections, checkStructure } from '../template/structure.ts';
import type { Template } from '../template/template.ts';
import { findChangeSet } from './change-sets.ts';
import { neededCapability } from './draw.ts';
import { templateText } from './template-source.ts';

type Names = 'GetTemplate' | 'GetTemplateSummary' | 'ValidateTemplate';

export function templateHandlers(desk: Desk): Pick<Handlers<CloudFormationOperations>, Names> {
  const { store, types } = desk;
  return {
    async GetTemplate(input, call) {
      if (input.StackName === undefined && input.ChangeSetName === undefined)
        throw invalid('StackName is required if ChangeSetName is not specified.');
      const blueprint =
        input.ChangeSetName === undefined
          ? store.blueprint(
              stackOf(desk, call, input.StackName, { deleted: input.StackName?.startsWith('arn:') === true }),
              'now',
            )
          : store.records.get('blueprint', placeOf(call), findChangeSet(desk, call, input).id);
      const text =
        input.TemplateStage === 'Processed' && blueprint !== undefined && blueprint.transforms.length > 0
          ? JSON.stringify(blueprint.template)
          : (blueprint?.original ?? '{}');
      return { TemplateBody: text, StagesAvailable: ['Original', 'Processed'] };
    },

    async GetTemplateSummary(input, call) {
      let text: string;
      if (input.StackName === undefined) text = await templateText(desk, call, input);
      else {
        const stack = stackOf(desk, call, input.StackName, { deleted: true });
        if (stack.status === 'REVIEW_IN_PROGRESS')
          throw invalid('GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.');
        text = store.blueprint(stack, 'now')?.original ?? '{}';
      }
      const template = readable(text);
      const resources = Object.entries(template.Resources);
      const resourceTypes = [...new Set(resources.map(([, { Type: type }]) => type))];
      return {
        ...about(template),
        Parameters: Object.entries(template.Parameters ?? {}).map(([ParameterKey, definition]) => ({
          ParameterKey,
          ...(definition.Default === undefined ? {} : { DefaultValue: String(definition.Default) }),
          ParameterType: definition.Type,
          NoEcho: String(definition.NoEcho) === 'true',
          ...(definition.Description === undefined ? {} : { Description: definition.Description }),
          ParameterConstraints:
            definition.AllowedValues === undefined ? {} : { AllowedValues: definition.AllowedValues.map(String) },
        })),
        ...(template.AWSTemplateFormatVersion === undefined ? {} : { Version: String(template.AWSTemplateFormatVersion) }),
        ...(template.Metadata === undefined ? {} : { Metadata: JSON.stringify(template.Metadata) }),
        ResourceTypes: resourceTypes,
        ResourceIdentifierSummaries: resourceTypes.map((type) => ({
          ResourceType: type,
          LogicalResourceIds: resources.filter(([, resource]) => resource.Type === type).map(([name]) => name),
        })),
        ...capabilitiesOf(template),
      };
    },

    async ValidateTemplate(input, call) {
      const template = readable(await templateText(desk, call, input));
      return {
        ...about(template),
        Parameters: Object.entries(template.Parameters ?? {}).map(([ParameterKey, definition]) => ({
          ParameterKey,
          ...(definition.Default === undefined ? {} : { DefaultValue: String(definition.Default) }),
          NoEcho: String(definition.NoEcho) === 'true',
          ...(definition.Description === undefined ? {} : { Description: definition.Description }),
        })),
        ...capabilitiesOf(template),
      };
    },
  };

  /** Transforms need parameters, which nobody gave here: what they would make is not looked at. */
  function readable(text: string): Template {
    const fields = parseTemplate(text);
    checkSections(fields);
    return transformsOf(fields).length > 0 ? (fields as unknown as Template) : checkStructure(fields);
  }

  function about(template: Template) {
    const transforms = transformsOf(template as unknown as Readonly<Record<string, unknown>>);
    return {
      ...(template.Description === undefined ? {} : { Description: String(template.Description) }),
      ...(transforms.length === 0 ? {} : { DeclaredTransforms: [...transforms] }),
    };
  }

  function capabilitiesOf(template: Template) {
    const needed = neededCapability(types, { template });
    const why = Object.values(template.Resources)
      .map(({ Type: type }) => type)
      .filter((type) => types.knows(type) && types.find(type).iam !== undefined);
    if (needed === undefined) return {};
    return {
      Capabilities: [needed],
      CapabilitiesReason: `The following resource(s) require capabilities: [${[...new Set(why)].join(', ')}]`,
    };
  }
}
