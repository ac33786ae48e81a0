// What functions bring as Amazon.Lambda.Core: its public face, in a version with more members than the first one had.
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;

[assembly: AssemblyVersion("2.8.0.0")]

namespace Amazon.Lambda.Core
{
    public interface ILambdaContext
    {
        string TraceId { get; }
        string TenantId { get; }
        ILambdaSerializer Serializer { get; }
        string AwsRequestId { get; }
        IClientContext ClientContext { get; }
        string FunctionName { get; }
        string FunctionVersion { get; }
        ICognitoIdentity Identity { get; }
        string InvokedFunctionArn { get; }
        ILambdaLogger Logger { get; }
        string LogGroupName { get; }
        string LogStreamName { get; }
        int MemoryLimitInMB { get; }
        TimeSpan RemainingTime { get; }
    }

    public interface ILambdaLogger
    {
        void Log(string message);
        void LogLine(string message);
        void Log(string level, string message);
        void Log(string level, string message, params object[] args);
        void Log(string level, Exception exception, string message, params object[] args);
    }

    public static class LambdaLogger
    {
        private static Action<string> _loggingAction = Console.WriteLine;
        private static Action<string, string, object[]> _loggingWithLevelAction = (level, message, args) => {};
        private static Action<string, Exception, string, object[]> _loggingWithLevelAndExceptionAction = (level, problem, message, args) => {};

        public static void Log(string message) { _loggingAction(message); }
        public static void Log(string level, string message, params object[] args) { _loggingWithLevelAction(level, message, args); }
        public static void Log(string level, Exception problem, string message, params object[] args) { _loggingWithLevelAndExceptionAction(level, problem, message, args); }
    }

    public interface IClientContext
    {
        IDictionary<string, string> Environment { get; }
        IClientApplication Client { get; }
        IDictionary<string, string> Custom { get; }
    }

    public interface IClientApplication
    {
        string AppPackageName { get; }
        string AppTitle { get; }
        string AppVersionCode { get; }
        string AppVersionName { get; }
        string InstallationId { get; }
    }

    public interface ICognitoIdentity
    {
        string IdentityId { get; }
        string IdentityPoolId { get; }
    }

    public interface ILambdaSerializer
    {
        T Deserialize<T>(Stream requestStream);
        void Serialize<T>(T response, Stream responseStream);
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Method)]
    public class LambdaSerializerAttribute : Attribute
    {
        public Type SerializerType { get; set; }

        public LambdaSerializerAttribute(Type type) { SerializerType = type; }
    }
}
