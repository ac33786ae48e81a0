using System;
using System.Collections.Generic;
using Amazon.Lambda.Core;

namespace Mayfly
{
    /// <summary>
    /// The members of every version of the interface: .NET finds what an interface asks for by its name, so those that came
    /// later are here as well, and one that is newer than this file keeps its default.
    /// </summary>
    class LambdaContext : ILambdaContext
    {
        static readonly DateTime epoch = new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        readonly Event each;
        readonly Log log;
        readonly ILambdaSerializer serializer;

        internal LambdaContext(Event each, Log log, object serializer)
        {
            this.each = each;
            this.log = log;
            this.serializer = (ILambdaSerializer)serializer;
        }

        public virtual string AwsRequestId { get { return each.RequestId; } }
        public virtual string InvokedFunctionArn { get { return each.InvokedArn; } }
        public virtual string TraceId { get { return each.TraceId; } }
        public virtual string TenantId { get { return each.TenantId; } }
        public virtual string FunctionName { get { return Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_NAME"); } }
        public virtual string FunctionVersion { get { return Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_VERSION"); } }
        public virtual string LogGroupName { get { return Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_GROUP_NAME"); } }
        public virtual string LogStreamName { get { return Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_STREAM_NAME"); } }
        public virtual int MemoryLimitInMB { get { return Convert.ToInt32(Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")); } }
        public virtual TimeSpan RemainingTime { get { return TimeSpan.FromMilliseconds(each.DeadlineMs) - (DateTime.UtcNow - epoch); } }
        public virtual ILambdaLogger Logger { get { return new ContextLogger(log); } }
        public virtual IClientContext ClientContext { get { return new GivenClientContext(Given.Members(each.ClientContext)); } }
        public virtual ICognitoIdentity Identity { get { return new GivenIdentity(Given.Members(each.CognitoIdentity)); } }
        public virtual ILambdaSerializer Serializer { get { return serializer; } }
    }

    class ContextLogger : ILambdaLogger
    {
        readonly Log log;

        internal ContextLogger(Log log)
        {
            this.log = log;
        }

        /// <summary>As it is, without a line's end.</summary>
        public virtual void Log(string message)
        {
            Console.Write(message);
        }

        public virtual void LogLine(string message)
        {
            log.Write("Information", null, message, null);
        }

        public virtual void Log(string level, string message)
        {
            log.Write(level, null, message, null);
        }

        public virtual void Log(string level, string message, params object[] arguments)
        {
            log.Write(level, null, message, arguments);
        }

        public virtual void Log(string level, Exception problem, string message, params object[] arguments)
        {
            log.Write(level, problem, message, arguments);
        }
    }

    class GivenClientContext : IClientContext
    {
        readonly IDictionary<string, object> given;

        internal GivenClientContext(IDictionary<string, object> given)
        {
            this.given = given;
        }

        public virtual IDictionary<string, string> Environment { get { return Given.Texts(given, "env"); } }
        public virtual IDictionary<string, string> Custom { get { return Given.Texts(given, "custom"); } }

        public virtual IClientApplication Client
        {
            get
            {
                var client = Given.Texts(given, "client");
                return client == null ? null : new GivenApplication(client);
            }
        }
    }

    class GivenApplication : IClientApplication
    {
        readonly IDictionary<string, string> given;

        internal GivenApplication(IDictionary<string, string> given)
        {
            this.given = given;
        }

        public virtual string AppPackageName { get { return Given.Text(given, "app_package_name"); } }
        public virtual string AppTitle { get { return Given.Text(given, "app_title"); } }
        public virtual string AppVersionCode { get { return Given.Text(given, "app_version_code"); } }
        public virtual string AppVersionName { get { return Given.Text(given, "app_version_name"); } }
        public virtual string InstallationId { get { return Given.Text(given, "installation_id"); } }
    }

    class GivenIdentity : ICognitoIdentity
    {
        readonly IDictionary<string, object> given;

        internal GivenIdentity(IDictionary<string, object> given)
        {
            this.given = given;
        }

        public virtual string IdentityId { get { return Given.Text(given, "cognitoIdentityId"); } }
        public virtual string IdentityPoolId { get { return Given.Text(given, "cognitoIdentityPoolId"); } }
    }

    static class Given
    {
        internal static IDictionary<string, object> Members(string json)
        {
            return string.IsNullOrEmpty(json) ? new Dictionary<string, object>() : (IDictionary<string, object>)Json.Parse(json);
        }

        internal static string Text<T>(IDictionary<string, T> members, string name)
        {
            T value;
            return members.TryGetValue(name, out value) ? Convert.ToString(value) : null;
        }

        internal static IDictionary<string, string> Texts(IDictionary<string, object> members, string name)
        {
            object value;
            if (!members.TryGetValue(name, out value) || !(value is IDictionary<string, object>)) return null;
            var texts = new Dictionary<string, string>();
            foreach (var member in (IDictionary<string, object>)value) texts[member.Key] = Convert.ToString(member.Value);
            return texts;
        }
    }
}
