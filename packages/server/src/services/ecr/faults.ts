import { ServiceFault } from '@mayfly/wire';

/** Texts as Amazon ECR has them. @source Amazon ECR API Reference, and answers seen by its clients, read 2026-11 */
export const noRepository = (name: string, account: string): ServiceFault =>
  new ServiceFault(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${account}'`,
  );

export const repositoryExists = (name: string, account: string): ServiceFault =>
  new ServiceFault(
    'RepositoryAlreadyExistsException',
    `The repository with name '${name}' already exists in the registry with id '${account}'`,
  );

export const notEmpty = (name: string, account: string): ServiceFault =>
  new ServiceFault(
    'RepositoryNotEmptyException',
    `The repository with name '${name}' in registry with id '${account}' cannot be deleted because it still contains images`,
  );

export const noImage = (reference: string, name: string, account: string): ServiceFault =>
  new ServiceFault(
    'ImageNotFoundException',
    `The image with imageId {${reference}} does not exist within the repository with name '${name}' in the registry with id '${account}'`,
  );

export const imageExists = (tag: string | undefined, digest: string, name: string, account: string): ServiceFault =>
  new ServiceFault(
    'ImageAlreadyExistsException',
    `Image with digest '${digest}'${tag === undefined ? '' : ` and tag '${tag}'`} already exists in the repository with name '${name}' in registry with id '${account}'`,
  );

export const immutableTag = (tag: string, name: string): ServiceFault =>
  new ServiceFault(
    'ImageTagAlreadyExistsException',
    `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`,
  );

export const layersMissing = (digests: readonly string[], name: string, account: string): ServiceFault =>
  new ServiceFault(
    'LayersNotFoundException',
    `Layers with digests '[${digests.join(', ')}]' required for pushing image into repository with name '${name}' in the registry with id '${account}' could not be found`,
  );

export const manifestsMissing = (digests: readonly string[], name: string, account: string): ServiceFault =>
  new ServiceFault(
    'ReferencedImagesNotFoundException',
    `Images with digests '[${digests.join(', ')}]' required for pushing image into repository with name '${name}' in the registry with id '${account}' could not be found`,
  );

export const invalid = (text: string): ServiceFault => new ServiceFault('InvalidParameterException', text);

export const digestMismatch = (given: string, found: string): ServiceFault =>
  new ServiceFault(
    'ImageDigestDoesNotMatchException',
    `The digest '${given}' does not match the content, whose digest is '${found}'`,
  );
