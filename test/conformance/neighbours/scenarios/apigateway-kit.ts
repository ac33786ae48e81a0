import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scene, Service } from '../kit/stage.ts';

/** API Gateway, and one REST API in it. */
export class Rest {
  readonly scene: Scene;
  readonly gateway: Service;
  readonly restApiId: string;
  readonly rootId: string;

  constructor(scene: Scene, gateway: Service, api: Answer) {
    this.scene = scene;
    this.gateway = gateway;
    this.restApiId = String(api['id']);
    this.rootId = String(api['rootResourceId']);
  }

  static async of(scene: Scene, input: object = {}): Promise<Rest> {
    const gateway = scene.service('apigateway');
    return new Rest(scene, gateway, await gateway.ok('CreateRestApi', { name: 'my-api', ...input }));
  }

  /** Compares the answer to an operation on the API with the recorded one. */
  check(name: string, operation: string, input: object = {}): Promise<Answer> {
    return this.gateway.check(name, operation, { restApiId: this.restApiId, ...input });
  }

  ok(operation: string, input: object = {}): Promise<Answer> {
    return this.gateway.ok(operation, { restApiId: this.restApiId, ...input });
  }

  async resource(pathPart: string, parentId = this.rootId): Promise<string> {
    return String((await this.ok('CreateResource', { parentId, pathPart }))['id']);
  }

  /** A method that answers by itself, which is what can be deployed. */
  async mock(resourceId = this.rootId, httpMethod = 'GET'): Promise<void> {
    const at = { resourceId, httpMethod };
    await this.ok('PutMethod', { ...at, authorizationType: 'NONE' });
    await this.ok('PutIntegration', { ...at, type: 'MOCK', requestTemplates: { 'application/json': '{"statusCode": 200}' } });
  }

  async deploy(input: object = {}): Promise<string> {
    return String((await this.ok('CreateDeployment', input))['id']);
  }
}

export const rest =
  (play: (api: Rest) => Promise<unknown>, input: object = {}): Scenario =>
  async (scene) =>
    void (await play(await Rest.of(scene, input)));

/** `[replace, /name, x]` as the API has it. */
export type Operation = readonly [op: string, path: string | undefined, value?: string | undefined, from?: string];

export const patch = (...operations: readonly Operation[]): object => ({
  patchOperations: operations.map(([op, path, value, from]) => ({ op, path, value, from })),
});
