export interface UrlRecord {
  /** 32 lower-case letters and digits; a URL made anew has another. @source spec 0.2-17, 1.7-06 */
  readonly id: string;
  readonly authType: 'NONE' | 'AWS_IAM';
  readonly invokeMode?: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors?: Cors;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** @source spec 1.7-05 */
export interface Cors {
  readonly allowCredentials?: boolean;
  readonly allowHeaders?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowOrigins?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeS?: number;
}
