import { ServiceFault } from '@mayfly/wire';

const fault = (code: string, status: number, message: string, members: Readonly<Record<string, unknown>> = {}): ServiceFault =>
  new ServiceFault(code, message, { status, members });

export const noSuchBucket = (name: string): ServiceFault =>
  fault('NoSuchBucket', 404, 'The specified bucket does not exist', { BucketName: name });
export const noSuchKey = (key: string): ServiceFault =>
  fault('NoSuchKey', 404, 'The specified key does not exist.', { Key: key });
export const noSuchVersion = (key: string, versionId: string): ServiceFault =>
  fault('NoSuchVersion', 404, 'The specified version does not exist.', { Key: key, VersionId: versionId });
export const noSuchUpload = (uploadId: string): ServiceFault =>
  fault(
    'NoSuchUpload',
    404,
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    {
      UploadId: uploadId,
    },
  );
export const invalidArgument = (message: string, name: string, value?: string): ServiceFault =>
  fault('InvalidArgument', 400, message, { ArgumentName: name, ...(value === undefined ? {} : { ArgumentValue: value }) });
export const invalidRequest = (message: string): ServiceFault => fault('InvalidRequest', 400, message);
export const malformedXml = (): ServiceFault =>
  fault('MalformedXML', 400, 'The XML you provided was not well-formed or did not validate against our published schema');
export const preconditionFailed = (condition: string): ServiceFault =>
  fault('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', { Condition: condition });
/** The object changed while an upload for it was under way. */
export const conditionalConflict = (condition: string, key: string): ServiceFault =>
  fault(
    'ConditionalRequestConflict',
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { Condition: condition, Key: key },
  );
export const notModified = (headers: Readonly<Record<string, string>>): ServiceFault =>
  new ServiceFault('NotModified', 'Not Modified', { status: 304, headers });
export const deleteMarker = (method: string, versionId: string): ServiceFault =>
  new ServiceFault('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    status: 405,
    members: { Method: method, ResourceType: 'DeleteMarker' },
    headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId, Allow: 'DELETE' },
  });
export { fault as s3Fault };
