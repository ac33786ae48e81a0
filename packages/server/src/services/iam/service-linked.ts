/** What a service calls its role in an account, and the policy it comes with. */
interface LinkedRole {
  readonly role: string;
  readonly policy?: string;
  /** Whether there may be several, told apart by a suffix. */
  readonly suffix?: true;
}

/** Service → its role. Recorded from IAM's answers, 2026. */
export const linkedRoles: Readonly<Record<string, LinkedRole>> = {
  'accountdiscovery.ssm.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonSSM_AccountDiscovery',
    policy: 'AWSSystemsManagerAccountDiscoveryServicePolicy',
  },
  'acm.amazonaws.com': { role: 'AWSServiceRoleForCertificateManager', policy: 'CertificateManagerServiceRolePolicy' },
  'appmesh.amazonaws.com': { role: 'AWSServiceRoleForAppMesh', policy: 'AWSAppMeshServiceRolePolicy' },
  'autoscaling-plans.amazonaws.com': {
    role: 'AWSServiceRoleForAutoScalingPlans_EC2AutoScaling',
    policy: 'AWSAutoScalingPlansEC2AutoScalingPolicy',
  },
  'autoscaling.amazonaws.com': { role: 'AWSServiceRoleForAutoScaling', policy: 'AutoScalingServiceRolePolicy', suffix: true },
  'backup.amazonaws.com': { role: 'AWSServiceRoleForBackup', policy: 'AWSBackupServiceLinkedRolePolicyForBackup' },
  'connect.amazonaws.com': { role: 'AWSServiceRoleForAmazonConnect', policy: 'AmazonConnectServiceLinkedRolePolicy' },
  'dynamodb.application-autoscaling.amazonaws.com': {
    role: 'AWSServiceRoleForApplicationAutoScaling_DynamoDBTable',
    policy: 'AWSApplicationAutoscalingDynamoDBTablePolicy',
  },
  'ec2-instance-connect.amazonaws.com': { role: 'AWSServiceRoleForEc2InstanceConnect', policy: 'Ec2InstanceConnectEndpoint' },
  'ecr.amazonaws.com': { role: 'AWSServiceRoleForECRTemplate', policy: 'ECRTemplateServiceRolePolicy' },
  'ecs.amazonaws.com': { role: 'AWSServiceRoleForECS', policy: 'AmazonECSServiceRolePolicy' },
  'eks-connector.amazonaws.com': { role: 'AWSServiceRoleForAmazonEKSConnector', policy: 'AmazonEKSConnectorServiceRolePolicy' },
  'eks.amazonaws.com': { role: 'AWSServiceRoleForAmazonEKS', policy: 'AmazonEKSServiceRolePolicy' },
  'email.cognito-idp.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonCognitoIdpEmailService',
    policy: 'AmazonCognitoIdpEmailServiceRolePolicy',
  },
  'fis.amazonaws.com': { role: 'AWSServiceRoleForFIS', policy: 'AmazonFISServiceRolePolicy' },
  'grafana.amazonaws.com': { role: 'AWSServiceRoleForAmazonGrafana', policy: 'AmazonGrafanaServiceLinkedRolePolicy' },
  'kafka.amazonaws.com': { role: 'AWSServiceRoleForKafka', policy: 'KafkaServiceRolePolicy' },
  'kafkaconnect.amazonaws.com': { role: 'AWSServiceRoleForKafkaConnect', policy: 'KafkaConnectServiceRolePolicy' },
  'lambda.amazonaws.com': { role: 'AWSServiceRoleForLambda', policy: 'AWSLambdaServiceRolePolicy' },
  'lambda.application-autoscaling.amazonaws.com': {
    role: 'AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency',
    policy: 'AWSApplicationAutoscalingLambdaConcurrencyPolicy',
  },
  'lex.amazonaws.com': { role: 'AWSServiceRoleForLexBots', policy: 'AmazonLexBotPolicy' },
  'lexv2.amazonaws.com': { role: 'AWSServiceRoleForLexV2Bots', policy: 'AmazonLexV2BotPolicy' },
  'lightsail.amazonaws.com': { role: 'AWSServiceRoleForLightsail', policy: 'LightsailExportAccess' },
  'm2.amazonaws.com': { role: 'AWSServiceRoleForAWSM2', policy: 'AWSM2ServicePolicy' },
  'memorydb.amazonaws.com': { role: 'AWSServiceRoleForMemoryDB', policy: 'MemoryDBServiceRolePolicy' },
  'mrk.kms.amazonaws.com': {
    role: 'AWSServiceRoleForKeyManagementServiceMultiRegionKeys',
    policy: 'AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy',
  },
  'notifications.amazonaws.com': {
    role: 'AWSServiceRoleForAwsUserNotifications',
    policy: 'AWSUserNotificationsServiceLinkedRolePolicy',
  },
  'opensearchservice.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonOpenSearchService',
    policy: 'AmazonOpenSearchServiceRolePolicy',
  },
  'ops.apigateway.amazonaws.com': { role: 'AWSServiceRoleForAPIGateway', policy: 'APIGatewayServiceRolePolicy' },
  'ops.emr-serverless.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonEMRServerless',
    policy: 'AmazonEMRServerlessServiceRolePolicy',
  },
  'opsdatasync.ssm.amazonaws.com': {
    role: 'AWSServiceRoleForSystemsManagerOpsDataSync',
    policy: 'AWSSystemsManagerOpsDataSyncServiceRolePolicy',
  },
  'opsinsights.ssm.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonSSM_OpsInsights',
    policy: 'AWSSSMOpsInsightsServiceRolePolicy',
  },
  'pullthroughcache.ecr.amazonaws.com': {
    role: 'AWSServiceRoleForECRPullThroughCache',
    policy: 'AWSECRPullThroughCache_ServiceRolePolicy',
  },
  'redshift.amazonaws.com': { role: 'AWSServiceRoleForRedshift', policy: 'AmazonRedshiftServiceLinkedRolePolicy' },
  'replication.cassandra.amazonaws.com': {
    role: 'AWSServiceRoleForKeyspacesReplication',
    policy: 'KeyspacesReplicationServiceRolePolicy',
  },
  'replicator.lambda.amazonaws.com': { role: 'AWSServiceRoleForLambdaReplicator', policy: 'AWSLambdaReplicator' },
  'repository.sync.codeconnections.amazonaws.com': { role: 'AWSServiceRoleForGitSync', policy: 'AWSGitSyncServiceRolePolicy' },
  'resource-explorer-2.amazonaws.com': {
    role: 'AWSServiceRoleForResourceExplorer',
    policy: 'AWSResourceExplorerServiceRolePolicy',
  },
  'ses.amazonaws.com': { role: 'AWSServiceRoleForAmazonSES', policy: 'AmazonSESServiceRolePolicy' },
  'ssm-incidents.amazonaws.com': { role: 'AWSServiceRoleForIncidentManager', policy: 'AWSIncidentManagerServiceRolePolicy' },
  'ssm-quicksetup.amazonaws.com': { role: 'AWSServiceRoleForSSMQuickSetup', policy: 'SSMQuickSetupRolePolicy' },
  'sso.amazonaws.com': { role: 'AWSServiceRoleForSSO', policy: 'AWSSSOServiceRolePolicy' },
  'vpcorigin.cloudfront.amazonaws.com': {
    role: 'AWSServiceRoleForCloudFrontVPCOrigin',
    policy: 'AWSCloudFrontVPCOriginServiceRolePolicy',
  },
  'waf.amazonaws.com': { role: 'AWSServiceRoleForWAFLogging', policy: 'WAFLoggingServiceRolePolicy' },
  'wafv2.amazonaws.com': { role: 'AWSServiceRoleForWAFV2Logging', policy: 'WAFV2LoggingServiceRolePolicy' },
};
