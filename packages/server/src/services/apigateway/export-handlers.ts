import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { stringify } from 'yaml';
import type { RestDesk } from './desk.ts';
import { badRequest } from './faults.ts';
import { writeApi } from './openapi/index.ts';

/** APIs as OpenAPI documents, as their stages serve them. */
export function exportHandlers(desk: RestDesk): Pick<Handlers<ApiGatewayOperations>, 'GetExport'> {
  return {
    async GetExport({ restApiId, stageName = '', exportType, parameters = {}, accepts = 'application/json' }, call) {
      if (exportType !== 'swagger' && exportType !== 'oas30') throw badRequest(`No API exporter for type '${exportType ?? ''}'`);
      const { deploymentId } = desk.part('stage', call, restApiId, stageName);
      const { definition } = desk.part('deployment', call, restApiId, deploymentId);
      const extensions = (parameters['extensions'] ?? '').split(',').map((each) => each.trim());
      const all = extensions.includes('apigateway');
      const document = writeApi(definition, {
        kind: exportType,
        stage: stageName,
        integrations: all || extensions.includes('integrations'),
        authorizers: all || extensions.includes('authorizers'),
        settings: all,
      });
      const asYaml = accepts.includes('yaml');
      const at = new Date(definition.api.createdAtMs).toISOString().replace(/\.\d+Z$/, 'Z');
      const text = asYaml ? stringify(document) : JSON.stringify(document, null, 2);
      return {
        body: Buffer.from(text) as never,
        contentType: 'application/octet-stream',
        contentDisposition: `attachment; filename="${exportType}_${at}.${asYaml ? 'yaml' : 'json'}"`,
      };
    },
  };
}
